/* make_tree.c: a tree of FILES files with BYTES bytes in all, always the same: lines of words, that
 * compress as sources do, and a hundred files to a directory. Or lines for a terminal.
 *
 *	make_tree DIR FILES BYTES
 *	make_tree --lines BYTES	prints lines of one character */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PER_DIRECTORY = 100, WORDS = 4096, WORD_MAX = 9, BLOCK = 65536 };

struct source {
	uint64_t state;
	char words[WORDS][WORD_MAX + 1];
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "make_tree: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Marsaglia's xorshift, "Xorshift RNGs" (2003): 13, 7, 17. */
static uint64_t next_number(struct source *source)
{
	source->state ^= source->state << 13;
	source->state ^= source->state >> 7;
	source->state ^= source->state << 17;
	return source->state;
}

static void make_words(struct source *source)
{
	source->state = 88172645463325252U;
	for (size_t i = 0; i < WORDS; i++) {
		size_t length = 2 + next_number(source) % (WORD_MAX - 1);

		for (size_t k = 0; k < length; k++)
			source->words[i][k] = (char)('a' + next_number(source) % 26);
		source->words[i][length] = '\0';
	}
}

static void write_file(struct source *source, const char *path, uint64_t bytes)
{
	FILE *file = fopen(path, "we");

	if (!file)
		die(path);
	for (uint64_t done = 0; done < bytes;) {
		const char *word = source->words[next_number(source) % WORDS];
		size_t length = strlen(word);

		fwrite(word, 1, length, file);
		putc(next_number(source) % 8 ? ' ' : '\n', file);
		done += length + 1;
	}
	if (fclose(file) != 0)
		die(path);
}

static void make_files(const char *dir, uint64_t files, uint64_t bytes)
{
	static struct source source;
	char path[4096];

	make_words(&source);
	for (uint64_t i = 0; i < files; i++) {
		snprintf(path, sizeof path, "%s/%03" PRIu64, dir, i / PER_DIRECTORY);
		if (i % PER_DIRECTORY == 0 && mkdir(path, 0755) < 0)
			die(path);
		snprintf(path, sizeof path, "%s/%03" PRIu64 "/%02" PRIu64, dir, i / PER_DIRECTORY,
			 i % PER_DIRECTORY);
		write_file(&source, path, bytes / files);
	}
}

static void print_lines(uint64_t bytes)
{
	char block[BLOCK];

	for (size_t i = 0; i < sizeof block; i += 2)
		memcpy(block + i, "y\n", 2);
	while (bytes) {
		size_t wanted = bytes < sizeof block ? bytes : sizeof block;
		ssize_t written = write(STDOUT_FILENO, block, wanted);

		if (written < 0)
			die("standard output");
		bytes -= (uint64_t)written;
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--lines")) {
		print_lines(strtoull(argv[2], NULL, 10));
		return 0;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: make_tree DIR FILES BYTES | --lines BYTES\n");
		return 2;
	}
	make_files(argv[1], strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	return 0;
}
