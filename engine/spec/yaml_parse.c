/* From libyaml's events to a tree. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/spec/yaml_internal.h"

struct anchor {
	char *name;
	struct yaml_value *value;
};

/* One reading of a text. */
struct builder {
	const char *text;
	size_t length;
	struct yaml_tree *tree;
	struct diagnostics *diagnostics;
	struct yaml_value *open[SPEC_DEPTH_MAX]; /* the lists and maps around the next value */
	size_t depth;
	struct anchor *anchors;
	size_t n_anchors, anchors_capacity;
	size_t nodes;	    /* so far, with what aliases repeat */
	size_t alias_bytes; /* of text that aliases repeat */
	size_t documents;
	bool sound; /* nothing that ends reading has come */
	bool done;
};

static size_t offset_of(const struct builder *builder, yaml_mark_t mark)
{
	return text_index_offset(&builder->tree->index, mark.index);
}

static struct position position_of(const struct builder *builder, size_t offset)
{
	return text_index_position(&builder->tree->index, offset);
}

/* Ends reading here; what is open stays cut. */
static void stop(struct builder *builder)
{
	builder->sound = false;
	builder->done = true;
}

/* A new value at the event's place, registered with the tree. */
static struct yaml_value *new_value(struct builder *builder, enum yaml_kind kind,
				    const yaml_event_t *event)
{
	struct yaml_tree *tree = builder->tree;
	struct yaml_value *value = mem_new(sizeof *value);

	value->kind = kind;
	value->position = position_of(builder, offset_of(builder, event->start_mark));
	value->end = offset_of(builder, event->end_mark);
	value->height = kind == YAML_LIST || kind == YAML_MAP;
	value->nodes = 1;
	tree->values =
		mem_grow(tree->values, tree->n_values, &tree->capacity, sizeof *tree->values);
	tree->values[tree->n_values++] = value;
	return value;
}

/* Refuses a key that cannot be used: a list, an alias, "<<", one given before. */
static void check_key(struct builder *builder, const struct yaml_value *map, struct yaml_value *key)
{
	const struct yaml_value *first = NULL;

	key->ignored = true;
	if (key->kind != YAML_TEXT) {
		diagnostics_add(builder->diagnostics, key->position,
				"a key must be a text, not a list, a mapping or an alias");
		return;
	}
	if (key->plain && !strcmp(key->text, "<<")) {
		diagnostics_add(builder->diagnostics, key->position,
				"merge keys ('<<') are not read; write the keys out");
		return;
	}
	yaml_map_get(map, key->text, &first);
	if (first)
		diagnostics_add(builder->diagnostics, key->position,
				"key '%s' is given twice, first in line %zu",
				short_text(key->text).text, first->position.line);
	key->ignored = first != NULL;
}

/* Counts what a finished value contributes to the list or map that it is in. */
static void count_into(struct yaml_value *parent, const struct yaml_value *value)
{
	parent->nodes += value->nodes;
	parent->bytes += value->bytes;
	if (parent->height < value->height + 1)
		parent->height = value->height + 1;
}

/* Puts a value where it belongs: it is the document's, or the next of what is open. */
static void attach(struct builder *builder, struct yaml_value *value)
{
	struct yaml_value *parent;

	if (!builder->depth) {
		builder->tree->root = value;
		return;
	}
	parent = builder->open[builder->depth - 1];
	if (parent->kind == YAML_MAP && parent->n_items % 2 == 0)
		check_key(builder, parent, value);
	parent->items =
		mem_grow(parent->items, parent->n_items, &parent->capacity, sizeof *parent->items);
	parent->items[parent->n_items++] = value;
}

/* Adds to the number of values; stops when there are too many. */
static void count_nodes(struct builder *builder, const struct yaml_value *value, size_t nodes)
{
	builder->nodes += nodes;
	if (builder->nodes <= SPEC_NODES_MAX || builder->done)
		return;
	diagnostics_add(builder->diagnostics, value->position,
			"more than %d values, counting what aliases repeat", SPEC_NODES_MAX);
	stop(builder);
}

static void check_depth(struct builder *builder, const struct yaml_value *value, size_t height)
{
	if (builder->depth + height <= SPEC_DEPTH_MAX || builder->done)
		return;
	diagnostics_add(builder->diagnostics, value->position, "nested in more than %d levels",
			SPEC_DEPTH_MAX);
	stop(builder);
}

/* What every value but an alias has: perhaps a tag, which is refused, and an anchor. */
static void add_properties(struct builder *builder, struct yaml_value *value,
			   const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (tag)
		diagnostics_add(builder->diagnostics, value->position,
				"tags ('%s') are not read; write the plain value",
				short_text((const char *)tag).text);
	if (!anchor)
		return;
	builder->anchors = mem_grow(builder->anchors, builder->n_anchors,
				    &builder->anchors_capacity, sizeof *builder->anchors);
	builder->anchors[builder->n_anchors++] = (struct anchor){
		.name = mem_strdup((const char *)anchor),
		.value = value,
	};
}

/* Where a block text ends: at its last line that is not blank, or, where blank lines are kept
 * (it ends with more than one newline), at the last of them. */
static size_t block_end(const struct builder *builder, const struct yaml_value *value, size_t end)
{
	const char *text = builder->text;
	size_t begin = value->position.offset, length = strlen(value->text);
	bool keeps = length && value->text[length - 1] == '\n' &&
		     (length == 1 || value->text[length - 2] == '\n');

	if (keeps) {
		end -= end > begin && text[end - 1] == '\n';
		return end - (end > begin && text[end - 1] == '\r');
	}
	while (end > begin && strchr(" \t\r\n", text[end - 1]))
		end--;
	return end;
}

static void on_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_value *value = new_value(builder, YAML_TEXT, event);
	const char *text = (const char *)event->data.scalar.value;
	yaml_scalar_style_t style = event->data.scalar.style;

	value->text = mem_strdup(text);
	value->bytes = strlen(text);
	value->plain = style == YAML_PLAIN_SCALAR_STYLE;
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		value->end = block_end(builder, value, value->end);
	if (value->bytes != event->data.scalar.length)
		diagnostics_add(builder->diagnostics, value->position,
				"a text must not contain NUL characters");
	add_properties(builder, value, event->data.scalar.anchor, event->data.scalar.tag);
	attach(builder, value);
	count_nodes(builder, value, 1);
	if (builder->depth)
		count_into(builder->open[builder->depth - 1], value);
}

/* Begins a list or map. */
static struct yaml_value *begin_collection(struct builder *builder, enum yaml_kind kind,
					   const yaml_event_t *event, const yaml_char_t *anchor,
					   const yaml_char_t *tag)
{
	struct yaml_value *value = new_value(builder, kind, event);

	value->cut = true;
	add_properties(builder, value, anchor, tag);
	check_depth(builder, value, 1);
	attach(builder, value);
	count_nodes(builder, value, 1);
	if (!builder->done)
		builder->open[builder->depth++] = value;
	return value;
}

static void on_sequence_start(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_value *list =
		begin_collection(builder, YAML_LIST, event, event->data.sequence_start.anchor,
				 event->data.sequence_start.tag);

	list->flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	/* The event ends before the first dash, or behind it in a list that is not indented. */
	list->dash = list->end;
	if (list->dash && (list->dash == builder->length || builder->text[list->dash] != '-'))
		list->dash--;
}

static void on_mapping_start(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_value *map =
		begin_collection(builder, YAML_MAP, event, event->data.mapping_start.anchor,
				 event->data.mapping_start.tag);

	map->flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
}

/* A value left out is reported where the next token begins, unless it is behind a ":" or "-". */
static bool is_left_out(const struct builder *builder, const struct yaml_value *value)
{
	size_t begin = value->position.offset;

	return value->kind == YAML_TEXT && value->plain && !value->bytes && begin == value->end &&
	       !(begin && strchr(":-", builder->text[begin - 1]));
}

/* Ends a list or map. In blocks its end is that of its last value, as libyaml's comes behind
 * the comments that follow. */
static void on_collection_end(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_value *value = builder->open[--builder->depth];
	size_t last = value->n_items;

	value->cut = false;
	if (value->flow) {
		value->end = offset_of(builder, event->end_mark);
	} else {
		while (last && is_left_out(builder, value->items[last - 1]))
			last--;
		if (last)
			value->end = value->items[last - 1]->end;
	}
	if (builder->depth)
		count_into(builder->open[builder->depth - 1], value);
}

/* The value that an alias names, if it is whole; otherwise a diagnostic. */
static struct yaml_value *find_target(struct builder *builder, const struct yaml_value *alias,
				      const char *name)
{
	for (size_t i = builder->n_anchors; i-- > 0;) {
		struct yaml_value *value = builder->anchors[i].value;

		if (strcmp(builder->anchors[i].name, name))
			continue;
		if (!value->cut)
			return value;
		diagnostics_add(builder->diagnostics, alias->position,
				"alias '*%s' stands inside of what it refers to",
				short_text(name).text);
		return NULL;
	}
	diagnostics_add(builder->diagnostics, alias->position,
			"alias '*%s' refers to nothing: no earlier value has the anchor '&%s'",
			short_text(name).text, short_text(name).text);
	return NULL;
}

static void on_alias(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_value *alias = new_value(builder, YAML_ALIAS, event);
	struct yaml_value *target =
		find_target(builder, alias, (const char *)event->data.alias.anchor);

	attach(builder, alias);
	if (!target) {
		count_nodes(builder, alias, 1);
		return;
	}
	alias->target = target;
	alias->height = target->height;
	alias->nodes = target->nodes;
	alias->bytes = target->bytes;
	check_depth(builder, alias, target->height);
	count_nodes(builder, alias, alias->nodes);
	builder->alias_bytes += alias->bytes;
	if (builder->alias_bytes > SPEC_SIZE_MAX && !builder->done) {
		diagnostics_add(builder->diagnostics, alias->position,
				"aliases repeat more than %d bytes of text", SPEC_SIZE_MAX);
		stop(builder);
	}
	if (builder->depth)
		count_into(builder->open[builder->depth - 1], alias);
}

static void on_document_start(struct builder *builder, const yaml_event_t *event)
{
	if (builder->documents++ == 0)
		return;
	diagnostics_add(builder->diagnostics,
			position_of(builder, offset_of(builder, event->start_mark)),
			"a second document begins here; only one is read");
	stop(builder);
}

static void on_stream_end(struct builder *builder, const yaml_event_t *event)
{
	(void)event;
	builder->done = true;
}

static void on_event(struct builder *builder, const yaml_event_t *event)
{
	static void (*const handlers[])(struct builder *, const yaml_event_t *) = {
		[YAML_STREAM_END_EVENT] = on_stream_end,
		[YAML_DOCUMENT_START_EVENT] = on_document_start,
		[YAML_ALIAS_EVENT] = on_alias,
		[YAML_SCALAR_EVENT] = on_scalar,
		[YAML_SEQUENCE_START_EVENT] = on_sequence_start,
		[YAML_SEQUENCE_END_EVENT] = on_collection_end,
		[YAML_MAPPING_START_EVENT] = on_mapping_start,
		[YAML_MAPPING_END_EVENT] = on_collection_end,
	};

	if ((size_t)event->type < ARRAY_SIZE(handlers) && handlers[event->type])
		handlers[event->type](builder, event);
}

/* Whether a tab stands at offset: people see blanks there, and libyaml does not always say so. */
static bool is_tab(const struct builder *builder, size_t offset)
{
	return offset < builder->length && builder->text[offset] == '\t';
}

/* Reports what libyaml could not read. */
static void report_syntax(struct builder *builder, const yaml_parser_t *parser)
{
	bool reader = parser->error == YAML_READER_ERROR;
	size_t offset = reader ? parser->problem_offset + builder->tree->index.first
			       : offset_of(builder, parser->problem_mark);
	const char *problem = parser->problem ? parser->problem : "not readable as YAML";

	if (!reader && is_tab(builder, offset))
		diagnostics_add(builder->diagnostics, position_of(builder, offset),
				"a tab cannot stand here: YAML is indented by blanks");
	else if (parser->context && !reader)
		diagnostics_add(
			builder->diagnostics, position_of(builder, offset),
			"%s (%s that begins in line %zu)", problem, parser->context,
			position_of(builder, offset_of(builder, parser->context_mark)).line);
	else
		diagnostics_add(builder->diagnostics, position_of(builder, offset), "%s", problem);
	stop(builder);
}

/* Whether a tag directive stands at at, at the beginning of what libyaml takes for a line. */
static bool is_tag_directive(const struct builder *builder, size_t at)
{
	const char *text = builder->text;

	if (builder->length - at < 4 || memcmp(text + at, "%TAG", 4) != 0)
		return false;
	/* The last three end the line separators U+0085, U+2028 and U+2029. */
	return at == builder->tree->index.first || strchr("\n\x85\xa8\xa9", text[at - 1]);
}

/* What is wrong with the bytes at at, which a file must not have: NUL, what is not UTF-8, a
 * return alone, which is a line's end for YAML but not for people, and tag directives, for which
 * libyaml takes quadratic time. NULL when nothing is; *ret_used
 * is set to the character's bytes. */
static const char *bad_bytes(const struct builder *builder, size_t at, size_t *ret_used)
{
	const char *text = builder->text;
	uint32_t code;

	*ret_used = utf8_decode(text + at, builder->length - at, &code);
	if (!*ret_used)
		return "this is not valid UTF-8";
	if (!code)
		return "a NUL character is not allowed";
	if (code == '\r' && (at + 1 == builder->length || text[at + 1] != '\n'))
		return "a carriage return must be followed by a newline";
	if (is_tag_directive(builder, at))
		return "tag directives ('%TAG') are not read";
	return NULL;
}

/* Checks all bytes before libyaml sees them. */
static bool check_bytes(struct builder *builder)
{
	for (size_t at = 0, used; at < builder->length; at += used) {
		const char *problem = bad_bytes(builder, at, &used);

		if (!problem)
			continue;
		diagnostics_add(builder->diagnostics, position_of(builder, at), "%s", problem);
		stop(builder);
		return false;
	}
	return true;
}

static void read_events(struct builder *builder)
{
	size_t first = builder->tree->index.first;
	yaml_parser_t parser;
	yaml_event_t event;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)builder->text + first,
				     builder->length - first);
	while (!builder->done) {
		if (!yaml_parser_parse(&parser, &event)) {
			report_syntax(builder, &parser);
			break;
		}
		on_event(builder, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
}

struct yaml_tree *yaml_tree_parse(const char *text, size_t length, struct diagnostics *diagnostics,
				  bool *ret_sound)
{
	struct builder builder = {
		.text = text,
		.length = length,
		.tree = mem_new(sizeof(struct yaml_tree)),
		.diagnostics = diagnostics,
		.sound = true,
	};

	builder.tree->text = text;
	builder.tree->length = length;
	text_index_init(&builder.tree->index, text, length);
	if (check_bytes(&builder))
		read_events(&builder);
	for (size_t i = 0; i < builder.n_anchors; i++)
		free(builder.anchors[i].name);
	free(builder.anchors);
	if (ret_sound)
		*ret_sound = builder.sound;
	return builder.tree;
}
