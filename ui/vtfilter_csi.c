#include "ui/vtfilter_csi.h"

#include <string.h>

#include "engine/base/mem.h"
#include "ui/sgr.h"

enum {
	PARAMETERS_MAX = 15, /* libvterm has room for 16, and does not look */
	DIGITS_MAX = 5,
	LENGTH_MAX = 96,
	FONT_DIM = 11,
	FONT_NORMAL = 10,
};

/* A sequence, taken apart. */
struct csi {
	char leader;	   /* "?" or ">"; 0 for none */
	char intermediate; /* 0 for none */
	char final;
	const char *parameters;
	size_t length; /* of them */
};

/* Finds the parts; false when they are not in the order that ECMA-48 has, or not known. */
static bool split_csi(const struct vtfilter *filter, char final, struct csi *ret_csi)
{
	const char *at = filter->sequence, *end = at + filter->length;
	struct csi csi = {.final = final};

	if (at < end && (*at == '?' || *at == '>'))
		csi.leader = *at++;
	csi.parameters = at;
	while (at < end && (*at >= '0' && *at <= ';'))
		at++;
	csi.length = (size_t)(at - csi.parameters);
	if (at < end && *at && strchr(" \"$'!", *at))
		csi.intermediate = *at++;
	*ret_csi = csi;
	return at == end;
}

/* Whether libvterm can take these parameters as they are. */
static bool parameters_fit(const struct csi *csi)
{
	int count = 1, digits = 0;

	for (size_t i = 0; i < csi->length; i++) {
		bool separates = csi->parameters[i] == ';';

		if (csi->parameters[i] == ':')
			return false;
		count += separates;
		digits = separates ? 0 : digits + 1;
		if (digits > DIGITS_MAX)
			return false;
	}
	return count <= PARAMETERS_MAX;
}

/* The number at *at, which is moved behind it and its separator. */
static int next_number(const char **at, const char *end)
{
	int number = 0;

	while (*at < end && **at != ';')
		number = number * 10 + (*(*at)++ - '0');
	if (*at < end)
		(*at)++;
	return number;
}

/* As it is. */
static void add_verbatim(struct vtfilter *filter, const struct csi *csi, struct buf *out)
{
	char *room = buf_reserve(out, filter->length + 3);

	room[0] = '\x1b';
	room[1] = '[';
	memcpy(room + 2, filter->sequence, filter->length);
	room[filter->length + 2] = csi->final;
	room[filter->length + 3] = '\0';
	out->len += filter->length + 3;
}

/* How many parameters a group takes, as libvterm counts. */
static int group_size(const struct sgr_group *group)
{
	if (group->code == SGR_FG || group->code == SGR_BG)
		return group->color.type == CELL_INDEXED ? 3 : 5;
	return group->code == SGR_NORMAL ? 2 : 1;
}

/* A group as libvterm understands it. */
static void add_group(const struct sgr_group *group, struct buf *out)
{
	struct sgr_group font = {.code = group->code == SGR_DIM ? FONT_DIM : FONT_NORMAL};

	if (group->code != SGR_DIM)
		sgr_add_group(group, out);
	if (group->code == SGR_NORMAL)
		buf_add_char(out, ';');
	if (group->code == SGR_DIM || group->code == SGR_NORMAL)
		sgr_add_group(&font, out);
}

/* Colours and attributes: as many sequences as libvterm's room for parameters asks for. */
static void add_sgr(struct vtfilter *filter, const struct csi *csi, struct buf *out)
{
	struct sgr_reader reader;
	struct sgr_group group;
	int used = 0;

	(void)filter;
	sgr_reader_init(&reader, csi->parameters, csi->length);
	while (sgr_next(&reader, &group)) {
		int size = group_size(&group);

		if (used && used + size > PARAMETERS_MAX) {
			buf_add_char(out, 'm');
			used = 0;
		}
		buf_add_str(out, used ? ";" : "\x1b[");
		add_group(&group, out);
		used += size;
	}
	if (used)
		buf_add_char(out, 'm');
}

void vtfilter_add_visibility(const struct vtfilter *filter, struct buf *out)
{
	buf_add_str(out, filter->hides_cursor ? "\x1b[?25l" : "\x1b[?25h");
}

/* Modes, of which libvterm sets only the first of a sequence. */
static void add_modes(struct vtfilter *filter, const struct csi *csi, struct buf *out)
{
	const char *at = csi->parameters, *end = at + csi->length;

	while (at < end) {
		int mode = next_number(&at, end);
		bool restores = csi->leader && csi->final == 'l' && (mode == 1048 || mode == 1049);

		if (csi->leader && mode == 69)
			continue;
		if (csi->leader && mode == 25)
			filter->hides_cursor = csi->final == 'l';
		buf_add_fmt(out, "\x1b[%s%d%c", csi->leader ? "?" : "",
			    csi->leader && mode == 47 ? 1047 : mode, csi->final);
		if (restores)
			vtfilter_add_visibility(filter, out);
	}
}

/* The last character again, as often as the parameter says. */
static void add_repeated(struct vtfilter *filter, const struct csi *csi, struct buf *out)
{
	const char *at = csi->parameters;
	int count = next_number(&at, at + csi->length);

	if (count < 1)
		count = 1;
	if (count > filter->columns)
		count = filter->columns;
	while (filter->last_length && count--)
		buf_add(out, filter->last, filter->last_length);
}

/* The cursor is saved; with parameters it would be margins. */
static void add_save(struct vtfilter *filter, const struct csi *csi, struct buf *out)
{
	(void)filter;
	if (!csi->length)
		buf_add_str(out, "\x1b\x37");
}

static void add_restore(struct vtfilter *filter, const struct csi *csi, struct buf *out)
{
	if (csi->length)
		return;
	buf_add_str(out, "\x1b\x38" VTFILTER_CLAMP);
	vtfilter_add_visibility(filter, out);
}

/* What does not pass as it is; with any leader of a list, where "-" stands for none. */
static const struct {
	char final;
	const char *leaders;
	void (*add)(struct vtfilter *filter, const struct csi *csi, struct buf *out);
} rules[] = {
	{'m', "-", add_sgr},	  {'h', "-?", add_modes}, {'l', "-?", add_modes},
	{'b', "-", add_repeated}, {'s', "-", add_save},	  {'u', "-", add_restore},
};

void vtfilter_add_csi(struct vtfilter *filter, char final, struct buf *out)
{
	struct csi csi;
	bool is_sgr;

	if (filter->length > sizeof filter->sequence || !split_csi(filter, final, &csi))
		return;
	is_sgr = final == 'm' && !csi.leader && !csi.intermediate;
	if (!is_sgr && (filter->length > LENGTH_MAX || !parameters_fit(&csi)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rules) && !csi.intermediate; i++) {
		if (rules[i].final == final &&
		    strchr(rules[i].leaders, csi.leader ? csi.leader : '-')) {
			rules[i].add(filter, &csi, out);
			return;
		}
	}
	if (csi.intermediate == '!' && final == 'p')
		filter->hides_cursor = false;
	add_verbatim(filter, &csi, out);
}
