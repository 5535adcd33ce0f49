/* theme_files.h: the themes that the program carries, as bytes. */
#ifndef UI_THEME_FILES_H
#define UI_THEME_FILES_H

#include <stdbool.h>

/* One of them; name and text end with a NUL. */
struct theme_file {
	const char *name, *text;
};

/* for (struct theme_file file = {0}; theme_file_next(&file);) */
bool theme_file_next(struct theme_file *file);

#endif
