/* user.c: the step's user, from the /etc/passwd of a tree that may be hostile. */
#include "engine/sandbox/launcher/launcher.h"

#include <stdlib.h>
#include <string.h>

/* Columns of passwd(5). */
enum { PASSWD_NAME, PASSWD_PASSWORD, PASSWD_UID, PASSWD_GID, PASSWD_TEXT, PASSWD_HOME, PASSWD_MIN };

struct field {
	const char *start;
	size_t length;
};

/* A decimal id that is not the (uid_t)-1 of setresuid(2). */
static int parse_id(struct field field, unsigned *ret_id)
{
	uint64_t id = 0;

	if (!field.length || field.length > 10)
		return -1;
	for (size_t i = 0; i < field.length; i++) {
		if (field.start[i] < '0' || field.start[i] > '9')
			return -1;
		id = id * 10 + (uint64_t)(field.start[i] - '0');
	}
	if (id >= UINT32_MAX)
		return -1;
	*ret_id = (unsigned)id;
	return 0;
}

static bool field_is(struct field field, const char *text)
{
	return field.length == strlen(text) && !memcmp(field.start, text, field.length);
}

/* Splits a line at its colons; false when it has too few. */
static bool split_line(const char *line, size_t length, struct field ret_fields[PASSWD_MIN])
{
	const char *end = line + length;

	for (int i = 0; i < PASSWD_MIN; i++) {
		const char *colon = line <= end ? memchr(line, ':', (size_t)(end - line)) : NULL;

		if (!colon && i < PASSWD_HOME)
			return false;
		ret_fields[i] = (struct field){line, (size_t)((colon ? colon : end) - line)};
		line = colon ? colon + 1 : end;
	}
	return true;
}

/* Whether the line's entry is the wanted user: by name, or by id where wanted is one. */
static bool is_wanted(const struct field *fields, const char *name, bool by_id, unsigned wanted)
{
	unsigned uid;

	if (parse_id(fields[PASSWD_UID], &uid) < 0)
		return false;
	return by_id ? uid == wanted : *name && field_is(fields[PASSWD_NAME], name);
}

/* Fills ret_user from the first entry for name (or for the id); false when there is none. */
static bool find_entry(const char *text, const char *name, bool by_id, struct launch_user *ret_user)
{
	struct field fields[PASSWD_MIN];
	unsigned wanted = by_id ? ret_user->uid : 0, gid;

	for (const char *line = text; line && *line;) {
		size_t length = strcspn(line, "\n");

		if (split_line(line, length, fields) && is_wanted(fields, name, by_id, wanted) &&
		    parse_id(fields[PASSWD_GID], &gid) == 0) {
			parse_id(fields[PASSWD_UID], &ret_user->uid);
			ret_user->gid = gid;
			if (fields[PASSWD_HOME].length && *fields[PASSWD_HOME].start == '/')
				ret_user->home = strndup(fields[PASSWD_HOME].start,
							 fields[PASSWD_HOME].length);
			return true;
		}
		line += length + (line[length] == '\n');
	}
	return false;
}

const char *launch_find_user(const struct launch_plan *plan, const char *text,
			     struct launch_user *ret_user)
{
	struct launch_user user = {0};
	struct field wanted = {plan->user, strlen(plan->user)};
	struct field group = {plan->gid, plan->gid ? strlen(plan->gid) : 0};
	bool by_id = parse_id(wanted, &user.uid) == 0;
	gid_t gid = 0;

	if (plan->gid && parse_id(group, &gid) < 0)
		return "its gid is no number";
	if (!strcmp(plan->user, "root"))
		user.home = "/root";
	else if (by_id)
		user.gid = user.uid;
	if (!user.home && !find_entry(text, plan->user, by_id, &user) && !by_id)
		return text ? "the systree's /etc/passwd has no such name"
			    : "the systree has no readable /etc/passwd";
	if (plan->gid)
		user.gid = gid;
	*ret_user = user;
	return NULL;
}
