/* mask_internal.h: the texts of mask.h as an automaton. */
#ifndef ENGINE_BASE_MASK_INTERNAL_H
#define ENGINE_BASE_MASK_INTERNAL_H

#include <limits.h>
#include <stdint.h>

#include "engine/base/mask.h"

/* A beginning of one text or more; nodes[0] is the empty one. Nodes are numbers, 0 also "none". */
struct mask_node {
	uint32_t child,
		sibling; /* first of those with one byte more; next with the same beginning */
	uint32_t fail;	 /* the longest other beginning that this one ends with */
	uint32_t length;
	uint32_t covers;    /* length of the longest text that this one ends with; 0: none */
	unsigned char byte; /* its last */
};

struct mask_texts {
	struct mask_node *nodes; /* private memory */
	size_t n_nodes, capacity;
	uint32_t first[UCHAR_MAX + 1]; /* the children of nodes[0], by byte */
	/* A bit for each two bytes that a text begins with, whose numbers are theirs. */
	unsigned char pairs[(UCHAR_MAX + 1) * (UCHAR_MAX + 1) / CHAR_BIT];
	size_t longest;
	bool linked; /* fail and covers are right */
};

/* Whether a text begins with these two bytes, or is the first of them. */
static inline bool mask_texts_begin(const struct mask_texts *texts, const char *bytes)
{
	unsigned pair = (unsigned)(unsigned char)bytes[0] << CHAR_BIT | (unsigned char)bytes[1];

	return texts->pairs[pair / CHAR_BIT] >> pair % CHAR_BIT & 1;
}

/* Makes fail and covers right, after texts were added. */
void mask_texts_link(struct mask_texts *texts);

/* The longest beginning that the bytes seen so far end with, when node was it before this byte. */
uint32_t mask_texts_next(const struct mask_texts *texts, uint32_t node, unsigned char byte);

#endif
