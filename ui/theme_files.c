#include "ui/theme_files.h"

#include <stddef.h>
#include <string.h>

/* In theme_files.S: a name, a text, a name, a text. */
extern const char theme_files_start[] __attribute__((visibility("hidden")));
extern const char theme_files_end[] __attribute__((visibility("hidden")));

bool theme_file_next(struct theme_file *file)
{
	const char *name = file->text ? file->text + strlen(file->text) + 1 : theme_files_start;

	if (name == theme_files_end)
		return false;
	file->name = name;
	file->text = name + strlen(name) + 1;
	return true;
}
