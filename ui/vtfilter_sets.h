/* vtfilter_sets.h: character sets of vtfilter.h: what ASCII stands for while another set is in use.
 *
 * The sets are those that programs still use, of the VT100 (ECMA-35; DEC's VT220 manual has them as tables).
 */
#ifndef UI_VTFILTER_SETS_H
#define UI_VTFILTER_SETS_H

#include "ui/vtfilter.h"

/* ASCII everywhere, as after a reset. */
void vtfilter_reset_sets(struct vtfilter *filter);

/* ESC ( for set 0, ESC ) for set 1, with this final byte; a set that is not known changes nothing. */
void vtfilter_designate(struct vtfilter *filter, int set, char final);

/* What a byte from 0x20 to 0x7e is, as Unicode. */
uint32_t vtfilter_translate(const struct vtfilter *filter, unsigned char byte);

#endif
