/* svg.h: what is on a terminal as an SVG picture (SVG 1.1), on a dark background.
 *
 * Whatever font the reader has, every character stands in its place: the length of each piece of
 * text is given, lines between panes are drawn as lines, and other signs are centred in their cell.
 */
#ifndef TESTS_PICTURE_SVG_H
#define TESTS_PICTURE_SVG_H

#include "engine/base/buf.h"
#include "ui/term.h"

/* Adds the picture as a whole document; title is what a reader is told who cannot see it. The title is taken as
 * it is: no '<' and '&'. The cursor is not in it. */
void svg_add(struct buf *out, struct term *term, const char *title);

#endif
