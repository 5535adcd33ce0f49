#include "engine/actions/apt_sources.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/base/strv.h"

enum { FILE_SIZE_MAX = 1 << 20 };

/* The fields of a stanza that matter here. */
enum source_field { TYPES, URIS, SUITES, COMPONENTS, ENABLED, SOURCE_FIELDS };

static const char *const field_names[SOURCE_FIELDS] = {"Types", "URIs", "Suites", "Components",
						       "Enabled"};

/* The last part of an archive's address, by custom. */
static const char *const archive_names[] = {"debian", "ubuntu", "devuan", "raspbian", "kali"};

struct search {
	const char *suite;
	char *family; /* real path of the suite's file, or NULL */
	const char *suites_dir;
	char *mirror; /* the best so far */
	int rank;     /* of it */
};

static void split_words(const char *text, struct strv *words)
{
	for (;;) {
		size_t length;

		text += strspn(text, " \t\r\n");
		length = strcspn(text, " \t\r\n");
		if (!length)
			return;
		strv_take(words, mem_strndup(text, length));
		text += length;
	}
}

/* The address without slashes at its end, when it may be used; else NULL. */
static char *usable_mirror(const char *uri)
{
	size_t length = strlen(uri);

	if ((strncmp(uri, "http://", 7) && strncmp(uri, "https://", 8)) ||
	    strstr(uri, "security") || strpbrk(uri, "@$'\""))
		return NULL;
	while (length && uri[length - 1] == '/')
		length--;
	return mem_strndup(uri, length);
}

static bool is_named_like_archive(const char *mirror)
{
	for (size_t i = 0; i < ARRAY_SIZE(archive_names); i++) {
		if (!strcmp(path_basename(mirror), archive_names[i]))
			return true;
	}
	return false;
}

/* What is the same for all suites of one distribution; NULL for a suite that is not known. */
static char *family_of(const char *suites_dir, const char *suite)
{
	AUTO_FREE char *path = path_join(suites_dir, suite);

	return strchr(suite, '/') ? NULL : realpath(path, NULL);
}

static bool is_of_family(const struct search *search, const char *suite)
{
	AUTO_FREE char *family = family_of(search->suites_dir, suite);

	return family && search->family && !strcmp(family, search->family);
}

/* How good a mirror is that has this suite; 0: of no use. */
static int rank_of(const struct search *search, const char *mirror, const char *suite)
{
	if (!strcmp(suite, search->suite))
		return is_named_like_archive(mirror) ? 3 : 2;
	return is_named_like_archive(mirror) && is_of_family(search, suite) ? 1 : 0;
}

static void consider(struct search *search, const char *uri, const char *suite)
{
	AUTO_FREE char *mirror = usable_mirror(uri);
	int rank = mirror ? rank_of(search, mirror, suite) : 0;

	if (rank <= search->rank)
		return;
	free(search->mirror);
	search->mirror = take_ptr(&mirror);
	search->rank = rank;
}

/* "deb [ option=value ... ] uri suite component ..." */
static void read_line(struct search *search, const char *line)
{
	AUTO_STRV struct strv words = {0};
	char **word;

	split_words(line, &words);
	word = strv_argv(&words);
	if (!word[0] || strcmp(*word++, "deb"))
		return;
	if (word[0] && word[0][0] == '[') {
		while (word[0] && !strchr(word[0], ']'))
			word++;
		word += word[0] != NULL;
	}
	if (!word[0] || !word[1])
		return;
	for (char **component = word + 2; *component; component++) {
		if (!strcmp(*component, "main"))
			consider(search, word[0], word[1]);
	}
}

static void read_lines(struct search *search, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		AUTO_FREE char *line = mem_strndup(text, strcspn(text, "#\n"));

		read_line(search, line);
		text += length + (text[length] == '\n');
	}
}

/* The values of a stanza that is complete. */
static void use_stanza(struct search *search, struct buf fields[SOURCE_FIELDS])
{
	struct strv values[SOURCE_FIELDS] = {0};

	for (int field = 0; field < SOURCE_FIELDS; field++) {
		split_words(fields[field].data, &values[field]);
		buf_clear(&fields[field]);
	}
	if (strv_contains(&values[TYPES], "deb") && strv_contains(&values[COMPONENTS], "main") &&
	    !strv_contains(&values[ENABLED], "no")) {
		for (size_t i = 0; i < values[URIS].len * values[SUITES].len; i++)
			consider(search, values[URIS].items[i / values[SUITES].len],
				 values[SUITES].items[i % values[SUITES].len]);
	}
	for (int field = 0; field < SOURCE_FIELDS; field++)
		strv_release(&values[field]);
}

/* The field that the line begins, or NULL; *ret_value is what follows the colon. */
static struct buf *field_of(struct buf fields[SOURCE_FIELDS], const char *line,
			    const char **ret_value)
{
	size_t length = strcspn(line, ":");

	*ret_value = line + length + (line[length] == ':');
	for (int field = 0; field < SOURCE_FIELDS; field++) {
		if (length == strlen(field_names[field]) &&
		    !strncasecmp(line, field_names[field], length))
			return &fields[field];
	}
	return NULL;
}

static void read_stanzas(struct search *search, const char *text)
{
	struct buf fields[SOURCE_FIELDS], *current = NULL;

	for (int field = 0; field < SOURCE_FIELDS; field++)
		buf_init(&fields[field]);
	while (*text) {
		size_t length = strcspn(text, "\n");
		AUTO_FREE char *line = mem_strndup(text, length);
		const char *value = line;

		text += length + (text[length] == '\n');
		if (line[0] == '#')
			continue;
		if (!line[strspn(line, " \t\r")]) {
			use_stanza(search, fields);
			current = NULL;
		} else if (!isblank((unsigned char)line[0])) {
			current = field_of(fields, line, &value);
		}
		if (current)
			buf_add_fmt(current, "%s ", value);
	}
	use_stanza(search, fields);
	for (int field = 0; field < SOURCE_FIELDS; field++)
		buf_release(&fields[field]);
}

/* Reads a file of either format; one that cannot be read has nothing to say. */
static void read_file(struct search *search, const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_BUF struct buf text = BUF_INIT;
	const char *suffix = strrchr(path_basename(path), '.');
	struct err ignored;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    buf_read_fd(&text, fd, FILE_SIZE_MAX, path, &ignored) < 0)
		return;
	if (suffix && !strcmp(suffix, ".sources"))
		read_stanzas(search, text.data);
	else if (suffix && !strcmp(suffix, ".list"))
		read_lines(search, text.data);
}

static int compare_names(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

static void read_directory(struct search *search, const char *dir)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, NULL, compare_names);

	for (int i = 0; i < count; i++) {
		AUTO_FREE char *path = path_join(dir, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.')
			read_file(search, path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

char *apt_sources_mirror(const char *apt_dir, const char *suites_dir, const char *suite)
{
	struct search search = {.suite = suite, .suites_dir = suites_dir};
	AUTO_FREE char *list = path_join(apt_dir, "sources.list");
	AUTO_FREE char *directory = path_join(apt_dir, "sources.list.d");

	search.family = family_of(suites_dir, suite);
	read_file(&search, list);
	read_directory(&search, directory);
	free(search.family);
	return search.mirror;
}
