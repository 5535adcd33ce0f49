#include "engine/actions/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/private.h"
#include "engine/spec/suggest.h"

struct secrets {
	struct secret *items;
	size_t len, capacity;
	struct mask_texts *texts;
};

/* A limit of one byte is none where a program takes core files, too (core(5)). */
static void forbid_core_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_cur <= 1)
		return;
	limit.rlim_cur = 1;
	setrlimit(RLIMIT_CORE, &limit);
}

struct secrets *secrets_new(void)
{
	struct secrets *secrets = mem_new(sizeof *secrets);

	forbid_core_files();
	secrets->texts = mask_texts_new();
	return secrets;
}

void secrets_free(struct secrets *secrets)
{
	if (!secrets)
		return;
	for (size_t i = 0; i < secrets->len; i++) {
		free(secrets->items[i].id);
		private_free(secrets->items[i].bytes);
	}
	free(secrets->items);
	mask_texts_free(secrets->texts);
	free(secrets);
}

const struct secret *secrets_find(const struct secrets *secrets, const char *id)
{
	for (size_t i = 0; secrets && i < secrets->len; i++) {
		if (!strcmp(secrets->items[i].id, id))
			return &secrets->items[i];
	}
	return NULL;
}

struct mask_texts *secrets_texts(const struct secrets *secrets)
{
	return secrets && secrets->len ? secrets->texts : NULL;
}

/* --- reading a value */

/* A descriptor of a regular file, or of a pipe, which waits for its writer. What it is is looked at
 * before it is opened: opening a device may do something. */
static int open_source(const char *path, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_CLOSE int handle = open(path, O_PATH | O_CLOEXEC);
	AUTO_FREE char *name = mem_printf("/proc/self/fd/%d", handle);
	struct stat status;
	int fd;

	if (handle < 0 || fstat(handle, &status) < 0)
		return err_sys(err, "cannot read %s", shown);
	if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		return err_set(err, ERR_USAGE, "%s is neither a regular file nor a pipe", shown);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? err_sys(err, "cannot read %s", shown) : fd;
}

/* Fills room, which has a byte more than a value may have, with all of the file. */
static int read_source(const char *path, char *room, size_t *ret_length, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_CLOSE int fd = open_source(path, err);
	size_t length = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (got && length <= SECRET_SIZE_MAX) {
		got = read(fd, room + length, SECRET_SIZE_MAX + 1 - length);
		if (got < 0 && errno != EINTR)
			return err_sys(err, "cannot read %s", shown);
		length += got > 0 ? (size_t)got : 0;
	}
	*ret_length = length;
	return 0;
}

/* The same of an environment variable, whose value is not left for others to find. */
static int take_variable(const char *name, char *room, size_t *ret_length, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(name);
	char *value = getenv(name);
	size_t length = value ? strlen(value) : 0;

	if (!value)
		return err_set(err, ERR_USAGE, "there is no variable %s in the environment", shown);
	memcpy(room, value, length <= SECRET_SIZE_MAX ? length : SECRET_SIZE_MAX);
	explicit_bzero(value, length);
	unsetenv(name);
	*ret_length = length;
	return 0;
}

static int check_value(const char *bytes, size_t length, struct err *err)
{
	if (length > SECRET_SIZE_MAX)
		return err_set(err, ERR_USAGE, "the value is larger than %d bytes",
			       SECRET_SIZE_MAX);
	while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
		length--;
	if (!length)
		return err_set(err, ERR_USAGE, "the value is empty");
	if (length < MASK_LENGTH_MIN)
		return err_set(err, ERR_USAGE,
			       "the value has fewer than %d bytes: so short a text cannot be "
			       "masked in outputs",
			       MASK_LENGTH_MIN);
	return 0;
}

/* Reads what source names and adds it. The value is copied to a place of its own size. */
static int add_secret(struct secrets *secrets, const char *id,
		      int (*read_value)(const char *name, char *room, size_t *ret_length,
					struct err *err),
		      const char *source, struct err *err)
{
	char *room = private_new(SECRET_SIZE_MAX + 1);
	struct secret secret = {0};
	int result = read_value(source, room, &secret.length, err);

	if (!result)
		result = check_value(room, secret.length, err);
	if (!result) {
		secret.id = mem_strdup(id);
		secret.bytes = private_new(secret.length);
		memcpy(secret.bytes, room, secret.length);
		secrets->items = mem_grow(secrets->items, secrets->len, &secrets->capacity,
					  sizeof *secrets->items);
		secrets->items[secrets->len++] = secret;
		mask_texts_add_value(secrets->texts, secret.bytes, secret.length);
	}
	private_free(room);
	return result;
}

static const struct source {
	const char *word;
	int (*read_value)(const char *name, char *room, size_t *ret_length, struct err *err);
} sources[] = {{"src=", read_source}, {"env=", take_variable}};

/* The row of the table that text begins with, and what stands behind its word; or NULL. */
static const struct source *find_source(const char *text, const char **ret_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		size_t length = strlen(sources[i].word);

		*ret_name = text + length;
		if (!strncmp(text, sources[i].word, length) && **ret_name)
			return &sources[i];
	}
	return NULL;
}

int secrets_read(struct secrets *secrets, const char *setting, struct err *err)
{
	size_t length = strcspn(setting, ",");
	const struct source *source = NULL;
	AUTO_FREE char *id = NULL;
	const char *name;

	if (!strncmp(setting, "id=", 3) && length > 3 && setting[length])
		source = find_source(setting + length + 1, &name);
	if (!source)
		return err_set(err, ERR_USAGE,
			       "--secret takes id=ID,src=FILE or id=ID,env=VARIABLE, not '%s'",
			       short_text(setting).text);
	id = mem_strndup(setting + 3, length - 3);
	if (secrets_find(secrets, id))
		return err_set(err, ERR_USAGE, "--secret gives '%s' twice", short_text(id).text);
	if (add_secret(secrets, id, source->read_value, name, err) < 0) {
		err->code = ERR_USAGE;
		return err_in(err, "--secret id=%s", short_text(id).text);
	}
	return 0;
}

/* --- what a build needs of them */

int secrets_check_spec(const struct secrets *secrets, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; secrets && i < secrets->len; i++) {
		const char *id = secrets->items[i].id;
		AUTO_FREE char *suggestion = suggest_text(id, &spec->secrets);
		AUTO_FREE char *shown = buf_shown(short_text(id).text);

		if (!strv_contains(&spec->secrets, id))
			return err_set(err, ERR_USAGE,
				       "--secret gives '%s', which the specification does not "
				       "declare%s",
				       shown, suggestion);
	}
	return 0;
}

int secrets_check_step(const struct secrets *secrets, const struct step *step, struct err *err)
{
	const struct strv *used = step_secrets(step);

	for (size_t i = 0; i < used->len; i++) {
		AUTO_FREE char *id = mem_strndup(used->items[i], strcspn(used->items[i], "="));
		AUTO_BUF struct buf title = BUF_INIT;

		step_add_title(step, &title);
		if (!secrets_find(secrets, id))
			return err_set(err, ERR_USAGE,
				       "%s needs the secret '%s': give its value by "
				       "--secret id=%s,src=FILE (or env=VARIABLE)",
				       title.data, id, id);
	}
	return 0;
}
