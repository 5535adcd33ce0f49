/* Words of a shell script (engine/actions/script.h), as a real shell reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/actions/script.h"

/* What the shell prints when it is given the words, each ended by a bar. */
static void run_shell(const struct strv *texts, struct buf *output)
{
	AUTO_BUF struct buf command = BUF_INIT;
	FILE *shell;
	size_t count;

	buf_add_str(&command, "printf '%s|'");
	script_add_words(&command, texts);
	shell = popen(command.data, "r");
	assert_non_null(shell);
	while ((count = fread(buf_reserve(output, 4096), 1, 4096, shell)) > 0)
		output->len += count;
	output->data[output->len] = '\0';
	assert_int_equal(pclose(shell), 0);
}

static void a_word_is_quoted(void **state)
{
	AUTO_BUF struct buf script = BUF_INIT;

	(void)state;
	script_add_word(&script, "build-essential");
	assert_string_equal(script.data, "'build-essential'");
	buf_clear(&script);
	script_add_word(&script, "it's");
	assert_string_equal(script.data, "'it'\\''s'");
	buf_clear(&script);
	script_add_word(&script, "");
	assert_string_equal(script.data, "''");
}

static void a_shell_takes_each_text_as_one_word(void **state)
{
	AUTO_STRV struct strv texts = {0};
	AUTO_BUF struct buf output = BUF_INIT;

	(void)state;
	strv_add_all(&texts, "plain", "two words", "", "$(exit 9)", "`exit 9`", "$HOME", "a'b\"c",
		     "''", "; exit 9", "# no comment", "*", "~", "back\\slash", "new\nline", "&&",
		     NULL);
	run_shell(&texts, &output);
	assert_string_equal(output.data,
			    "plain|two words||$(exit 9)|`exit 9`|$HOME|a'b\"c|''|; exit 9|# no "
			    "comment|*|~|back\\slash|new\nline|&&|");
}

static void every_byte_survives(void **state)
{
	AUTO_STRV struct strv texts = {0};
	AUTO_BUF struct buf output = BUF_INIT;
	char bytes[257] = {0};

	(void)state;
	for (int i = 1; i < 256; i++)
		bytes[i - 1] = (char)i;
	strv_add(&texts, bytes);
	run_shell(&texts, &output);
	bytes[255] = '|';
	assert_string_equal(output.data, bytes);
}

static void no_texts_are_no_words(void **state)
{
	AUTO_STRV struct strv texts = {0};
	AUTO_BUF struct buf script = BUF_INIT;

	(void)state;
	script_add_words(&script, &texts);
	assert_string_equal(script.data, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_quoted),
		cmocka_unit_test(a_shell_takes_each_text_as_one_word),
		cmocka_unit_test(every_byte_survives),
		cmocka_unit_test(no_texts_are_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
