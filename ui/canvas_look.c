/* What terminfo knows of a terminal. A file of its own, since <term.h> has macros called lines and columns. */
#include "ui/canvas.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

bool canvas_look(int *ret_colors)
{
	const char *move;
	int error, colors;

	/* The descriptor is for the line's settings, which nobody asks for here. */
	if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	move = tigetstr("cup");
	colors = tigetnum("colors");
	del_curterm(cur_term);
	if (!move || move == (char *)-1)
		return false;
	*ret_colors = colors > 0 ? colors : 0;
	return true;
}
