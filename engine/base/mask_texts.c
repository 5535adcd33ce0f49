/* The texts of a mask: the automaton, and which texts hide a value. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mask_internal.h"
#include "engine/base/mem.h"
#include "engine/base/private.h"

enum { NODES_MIN = 256 };

struct mask_texts *mask_texts_new(void)
{
	struct mask_texts *texts = private_new(sizeof *texts);

	texts->capacity = NODES_MIN;
	texts->nodes = private_new(texts->capacity * sizeof *texts->nodes);
	texts->n_nodes = 1;
	return texts;
}

void mask_texts_free(struct mask_texts *texts)
{
	if (!texts)
		return;
	private_free(texts->nodes);
	private_free(texts);
}

size_t mask_texts_longest(const struct mask_texts *texts)
{
	return texts->longest;
}

static uint32_t find_child(const struct mask_texts *texts, uint32_t node, unsigned char byte)
{
	uint32_t child = node ? texts->nodes[node].child : texts->first[byte];

	while (child && texts->nodes[child].byte != byte)
		child = texts->nodes[child].sibling;
	return child;
}

/* A new node, whose number is returned. */
static uint32_t add_node(struct mask_texts *texts)
{
	if (texts->n_nodes == texts->capacity) {
		struct mask_node *more = private_new(2 * texts->capacity * sizeof *more);

		memcpy(more, texts->nodes, texts->n_nodes * sizeof *more);
		private_free(texts->nodes);
		texts->nodes = more;
		texts->capacity *= 2;
	}
	return (uint32_t)texts->n_nodes++;
}

static uint32_t add_child(struct mask_texts *texts, uint32_t node, unsigned char byte)
{
	uint32_t child = add_node(texts);
	struct mask_node *parent = &texts->nodes[node];

	texts->nodes[child] = (struct mask_node){
		.sibling = parent->child, .length = parent->length + 1, .byte = byte};
	parent->child = child;
	if (!node)
		texts->first[byte] = child;
	return child;
}

/* What follows a text of one byte does not matter. */
static void add_pairs(struct mask_texts *texts, const char *bytes, size_t length)
{
	unsigned first = (unsigned)(unsigned char)bytes[0] << CHAR_BIT;
	unsigned begin = length > 1 ? (unsigned char)bytes[1] : 0;
	unsigned end = length > 1 ? begin : UCHAR_MAX;

	for (unsigned pair = first | begin; pair <= (first | end); pair++)
		texts->pairs[pair / CHAR_BIT] |= (unsigned char)(1u << pair % CHAR_BIT);
}

void mask_texts_add(struct mask_texts *texts, const char *bytes, size_t length)
{
	uint32_t node = 0;

	if (!length)
		return;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		uint32_t child = find_child(texts, node, byte);

		node = child ? child : add_child(texts, node, byte);
	}
	texts->nodes[node].covers = (uint32_t)length;
	if (texts->longest < length)
		texts->longest = length;
	add_pairs(texts, bytes, length);
	texts->linked = false;
}

/* Adds the text with each of its lines, which end with LF or CR LF, ended by end. */
static void add_with_ends(struct mask_texts *texts, const char *bytes, size_t length,
			  const char *end)
{
	char *text = private_new(2 * length);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		bool crlf = bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n';

		if (bytes[i] == '\n')
			used = (size_t)(stpcpy(text + used, end) - text);
		else if (!crlf)
			text[used++] = bytes[i];
	}
	mask_texts_add(texts, text, used);
	private_free(text);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static void add_line(struct mask_texts *texts, const char *line, size_t length)
{
	while (length && is_blank(line[length - 1]))
		length--;
	while (length && is_blank(*line)) {
		line++;
		length--;
	}
	if (length >= MASK_LENGTH_MIN)
		mask_texts_add(texts, line, length);
}

void mask_texts_add_value(struct mask_texts *texts, const char *bytes, size_t length)
{
	const char *end;

	while (length && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
		length--;
	mask_texts_add(texts, bytes, length);
	add_with_ends(texts, bytes, length, "\n");
	add_with_ends(texts, bytes, length, "\r\n");
	for (end = bytes + length; bytes < end;) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *line_end = newline ? newline : end;

		add_line(texts, bytes, (size_t)(line_end - bytes));
		bytes = newline ? newline + 1 : end;
	}
}

uint32_t mask_texts_next(const struct mask_texts *texts, uint32_t node, unsigned char byte)
{
	while (node) {
		uint32_t child = find_child(texts, node, byte);

		if (child)
			return child;
		node = texts->nodes[node].fail;
	}
	return texts->first[byte];
}

/* The children's turn comes when all shorter beginnings are right. */
static size_t link_children(struct mask_texts *texts, uint32_t node, uint32_t *queue, size_t end)
{
	for (uint32_t child = texts->nodes[node].child; child;
	     child = texts->nodes[child].sibling) {
		struct mask_node *one = &texts->nodes[child];

		one->fail = node ? mask_texts_next(texts, texts->nodes[node].fail, one->byte) : 0;
		if (one->covers != one->length)
			one->covers = texts->nodes[one->fail].covers;
		queue[end++] = child;
	}
	return end;
}

void mask_texts_link(struct mask_texts *texts)
{
	AUTO_FREE uint32_t *queue = NULL;
	size_t end = 1;

	if (texts->linked)
		return;
	queue = mem_resize(NULL, texts->n_nodes, sizeof *queue);
	queue[0] = 0;
	for (size_t begin = 0; begin < end; begin++)
		end = link_children(texts, queue[begin], queue, end);
	texts->linked = true;
}
