/* burst.h: what is written to standard output in many small pieces, given to it in one.
 *
 * curses writes at every movement of the cursor, about a hundred times a frame, and each time the terminal wakes up
 * to draw a little. Between burst_begin() and burst_end() standard output is a file in memory; then what
 * is in it is written to the real one, all at once.
 *
 * Life cycle: burst_open(); burst_begin() and burst_end() for each frame; burst_close().
 */
#ifndef UI_BURST_H
#define UI_BURST_H

struct burst {
	int terminal; /* the real standard output */
	int memory;   /* what takes its place */
};

/* Where no file can be made, the pieces are written as they come. */
void burst_open(struct burst *burst);
void burst_close(struct burst *burst);

void burst_begin(struct burst *burst);
/* Waits as long as the terminal takes nothing. */
void burst_end(struct burst *burst);

#endif
