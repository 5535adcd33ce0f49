/* theme.h and color.h: reading themes, the themes that the program carries, and terminals with few
 * colours. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "ui/color.h"
#include "ui/theme.h"

static struct theme load(const char *name)
{
	AUTO_BUF struct buf messages = BUF_INIT;
	struct theme theme;
	struct err err;

	if (theme_load(NULL, name, &theme, &messages, &err) < 0)
		fail_msg("%s\n%s", err.text, messages.data);
	return theme;
}

/* Calls check for each theme that the program carries. */
static void for_each_theme(void (*check)(const char *name, const struct theme *theme))
{
	AUTO_STRV struct strv names = {0};

	theme_names(NULL, &names);
	for (size_t i = 0; i < names.len; i++) {
		struct theme theme = load(names.items[i]);

		check(names.items[i], &theme);
	}
}

static void test_the_themes(void **state)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *joined = NULL;

	(void)state;
	theme_names(NULL, &names);
	joined = strv_join(&names, " ");
	assert_string_equal(joined, "default high-contrast light mono projector");
}

static struct cell_color indexed(uint8_t index)
{
	return (struct cell_color){.type = CELL_INDEXED, .index = index};
}

static struct cell_color rgb(uint8_t red, uint8_t green, uint8_t blue)
{
	return (struct cell_color){.type = CELL_RGB, .red = red, .green = green, .blue = blue};
}

static void expect_color(struct cell_color color, struct cell_color expected)
{
	assert_int_equal(color.type, expected.type);
	assert_int_equal(color.index, expected.index);
	assert_int_equal(color.red, expected.red);
	assert_int_equal(color.green, expected.green);
	assert_int_equal(color.blue, expected.blue);
}

static void test_colors_as_text(void **state)
{
	static const char *const wrong[] = {"",		"Red",	   "256",      "-1",
					    "#12345",	"#12345g", "#1234567", "bright red",
					    "lightred", "007"};
	struct cell_color color = indexed(7);

	(void)state;
	assert_true(color_parse("default", &color));
	expect_color(color, (struct cell_color){.type = CELL_DEFAULT});
	assert_true(color_parse("red", &color));
	expect_color(color, indexed(1));
	assert_true(color_parse("bright-black", &color));
	expect_color(color, indexed(8));
	assert_true(color_parse("255", &color));
	expect_color(color, indexed(255));
	assert_true(color_parse("#0aFf80", &color));
	expect_color(color, rgb(0x0a, 0xff, 0x80));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(color_parse(wrong[i], &color));
	expect_color(color, rgb(0x0a, 0xff, 0x80));
}

/* xterm's 256colres.h: 16 is black, 21 blue, 208 (255, 135, 0), 231 white, 232 the darkest grey. */
static void test_colors_of_indexes(void **state)
{
	static const struct {
		uint8_t index, red, green, blue;
	} examples[] = {
		{16, 0, 0, 0},	      {17, 0, 0, 95}, {21, 0, 0, 255},	    {208, 255, 135, 0},
		{231, 255, 255, 255}, {232, 8, 8, 8}, {255, 238, 238, 238},
	};
	struct color_rgb seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct cell_color color = indexed(examples[i].index);

		assert_true(color_rgb_of(&color, &seen));
		assert_int_equal(seen.red, examples[i].red);
		assert_int_equal(seen.green, examples[i].green);
		assert_int_equal(seen.blue, examples[i].blue);
	}
	assert_false(color_rgb_of(&(struct cell_color){.type = CELL_DEFAULT}, &seen));
}

static void expect_reduced(struct cell_color fg, int colors, struct cell_color expected)
{
	expect_color(theme_reduce((struct cell_style){.fg = fg}, colors).fg, expected);
}

static void test_fewer_colors(void **state)
{
	(void)state;
	expect_reduced(rgb(1, 2, 3), THEME_COLORS_RGB, rgb(1, 2, 3));
	expect_reduced(indexed(208), THEME_COLORS_256, indexed(208));
	/* (250, 140, 10) is nearest to the cube's (255, 135, 0); (19, 19, 19) to a grey, 18. */
	expect_reduced(rgb(250, 140, 10), THEME_COLORS_256, indexed(208));
	expect_reduced(rgb(19, 19, 19), THEME_COLORS_256, indexed(233));
	/* Pure red is in the cube; the terminal's own red is not trusted to be it. */
	expect_reduced(rgb(255, 0, 0), THEME_COLORS_256, indexed(196));
	expect_reduced(rgb(250, 5, 5), THEME_COLORS_16, indexed(9));
	expect_reduced(rgb(200, 5, 5), THEME_COLORS_16, indexed(1));
	expect_reduced(indexed(245), THEME_COLORS_16, indexed(8)); /* (138, 138, 138) */
	expect_reduced(indexed(12), THEME_COLORS_16, indexed(12));
	expect_reduced(rgb(250, 5, 5), THEME_COLORS_8, indexed(1));
	/* 88 is between 16 and 256. */
	expect_reduced(indexed(196), 88, indexed(9));
	expect_reduced((struct cell_color){.type = CELL_DEFAULT}, THEME_COLORS_8,
		       (struct cell_color){.type = CELL_DEFAULT});
}

static void test_bright_colors_among_eight(void **state)
{
	struct cell_style style = {.fg = indexed(9), .bg = indexed(12)};
	struct cell_style seen = theme_reduce(style, THEME_COLORS_8);

	(void)state;
	expect_color(seen.fg, indexed(1));
	expect_color(seen.bg, indexed(4));
	assert_int_equal(seen.attributes, CELL_BOLD);
	style = (struct cell_style){.bg = indexed(12), .attributes = CELL_DIM};
	assert_int_equal(theme_reduce(style, THEME_COLORS_8).attributes, CELL_DIM);
}

static void test_text_does_not_vanish(void **state)
{
	struct cell_style dark = {.fg = rgb(40, 0, 0), .bg = rgb(0, 0, 0)};
	struct cell_style pale = {.fg = rgb(255, 255, 250), .bg = rgb(255, 255, 255)};
	struct cell_style hidden = {.fg = rgb(9, 9, 9), .bg = rgb(9, 9, 9)};

	(void)state;
	expect_color(theme_reduce(dark, THEME_COLORS_8).bg, indexed(0));
	expect_color(theme_reduce(dark, THEME_COLORS_8).fg, indexed(7));
	expect_color(theme_reduce(pale, THEME_COLORS_16).bg, indexed(15));
	expect_color(theme_reduce(pale, THEME_COLORS_16).fg, indexed(0));
	expect_color(theme_reduce(hidden, THEME_COLORS_8).fg, indexed(0));
}

static void test_without_colors(void **state)
{
	struct cell_style style = {.fg = indexed(1), .bg = indexed(2), .attributes = CELL_BOLD};
	struct theme theme = load("high-contrast");

	(void)state;
	style = theme_reduce(style, THEME_COLORS_NONE);
	assert_int_equal(style.fg.type, CELL_DEFAULT);
	assert_int_equal(style.bg.type, CELL_DEFAULT);
	assert_int_equal(style.attributes, CELL_BOLD);
	theme_limit(&theme, THEME_COLORS_NONE);
	assert_int_equal(theme.styles[THEME_TEXT].attributes, 0);
	assert_int_equal(theme.styles[THEME_TEXT].bg.type, CELL_DEFAULT);
	assert_true(theme.styles[THEME_SELECTION].attributes & CELL_REVERSE);
	assert_false(theme.styles[THEME_STEP_FAILED].attributes & CELL_REVERSE);
}

static void test_laying_over(void **state)
{
	struct cell_style below = {.fg = indexed(1), .bg = indexed(2), .attributes = CELL_BOLD};
	struct cell_style above = {.bg = indexed(4), .attributes = CELL_REVERSE};
	struct cell_style seen = theme_over(below, above);

	(void)state;
	expect_color(seen.fg, indexed(1));
	expect_color(seen.bg, indexed(4));
	assert_int_equal(seen.attributes, CELL_BOLD | CELL_REVERSE);
}

/* Linear light of one part of a colour (WCAG 2.1, "relative luminance"). */
static double linear(uint8_t part)
{
	double value = part / 255.0;

	return value <= 0.03928 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double luminance_of(struct color_rgb color)
{
	return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) +
	       0.0722 * linear(color.blue);
}

/* Whether it is the same on all terminals. */
static bool is_fixed(const struct cell_color *color)
{
	return color->type == CELL_RGB ||
	       (color->type == CELL_INDEXED && color->index >= COLOR_CUBE);
}

/* WCAG 2.1, success criterion 1.4.3: at least 4.5 to 1. The theme `light` is made for a white ground. */
static void check_contrast(const char *name, const struct theme *theme)
{
	for (size_t i = 0; i < THEME_ROLES; i++) {
		const struct cell_style *style = theme->styles + i;
		struct color_rgb fg, bg = {255, 255, 255};
		double one, other, ratio;
		bool on_white = !strcmp(name, "light") && style->bg.type == CELL_DEFAULT;

		if (!is_fixed(&style->fg) || !(is_fixed(&style->bg) || on_white))
			continue;
		color_rgb_of(&style->fg, &fg);
		if (!on_white)
			color_rgb_of(&style->bg, &bg);
		one = luminance_of(fg) + 0.05;
		other = luminance_of(bg) + 0.05;
		ratio = one > other ? one / other : other / one;
		if (ratio < (!strcmp(name, "high-contrast") ? 7 : 4.5))
			fail_msg("%s: %s: %.2f", name, theme_role_name((enum theme_role)i), ratio);
	}
}

static void test_contrast(void **state)
{
	(void)state;
	for_each_theme(check_contrast);
}

/* Colour is never the only difference. */
static void check_states(const char *name, const struct theme *theme)
{
	struct theme plain = *theme;
	uint8_t failed, passed, running;

	theme_limit(&plain, THEME_COLORS_NONE);
	failed = plain.styles[THEME_STEP_FAILED].attributes;
	passed = plain.styles[THEME_STEP_PASSED].attributes;
	running = plain.styles[THEME_STEP_RUNNING].attributes;
	if (failed == passed || passed == running || running == failed)
		fail_msg("%s: states look the same without colours", name);
	if (!plain.styles[THEME_SELECTION].attributes ||
	    !plain.styles[THEME_SEARCH_CURRENT].attributes ||
	    plain.styles[THEME_PANE_TITLE].attributes ==
		    plain.styles[THEME_PANE_TITLE_FOCUSED].attributes)
		fail_msg("%s: the focus is not to be seen without colours", name);
}

static void test_states_without_colors(void **state)
{
	(void)state;
	for_each_theme(check_states);
}

static void test_mono_has_no_color(void **state)
{
	struct theme theme = load("mono");

	(void)state;
	for (size_t i = 0; i < THEME_ROLES; i++) {
		if (theme.styles[i].fg.type != CELL_DEFAULT ||
		    theme.styles[i].bg.type != CELL_DEFAULT)
			fail_msg("%s", theme_role_name((enum theme_role)i));
	}
}

static void test_reading(void **state)
{
	static const char text[] = "inherit: mono\n"
				   "roles:\n"
				   "  text: {fg: 250, bg: \"#102030\"}\n"
				   "  step.failed: {fg: bright-red, attributes: [dim, strike]}\n"
				   "  note: {fg: default, bg: default}\n";
	AUTO_BUF struct buf messages = BUF_INIT;
	struct theme theme, mono = load("mono");
	struct err err;

	(void)state;
	assert_int_equal(theme_parse(NULL, "x.yaml", text, strlen(text), &theme, &messages, &err),
			 0);
	expect_color(theme.styles[THEME_STEP_FAILED].fg, indexed(9));
	expect_color(theme.styles[THEME_STEP_FAILED].bg, rgb(0x10, 0x20, 0x30));
	assert_int_equal(theme.styles[THEME_STEP_FAILED].attributes, CELL_DIM | CELL_STRIKE);
	expect_color(theme.styles[THEME_NOTE].bg, (struct cell_color){.type = CELL_DEFAULT});
	assert_int_equal(theme.styles[THEME_SELECTION].attributes,
			 mono.styles[THEME_SELECTION].attributes);
	/* A role that is inherited without a colour has that of this theme's text. */
	expect_color(theme.styles[THEME_SELECTION].fg, indexed(250));
}

/* Each message stands at its line and column, and there are no others. */
static void expect_messages(const char *text, const char *const *messages)
{
	AUTO_BUF struct buf seen = BUF_INIT;
	struct theme theme;
	struct err err;
	size_t count = 0;

	assert_int_equal(theme_parse(NULL, "x.yaml", text, strlen(text), &theme, &seen, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "x.yaml is not valid");
	for (const char *at = seen.data; (at = strstr(at, ": error: ")); at++)
		count++;
	for (size_t i = 0; messages[i]; i++, count--) {
		if (!strstr(seen.data, messages[i]))
			fail_msg("no \"%s\" in:\n%s", messages[i], seen.data);
	}
	if (count)
		fail_msg("more messages:\n%s", seen.data);
}

static void test_what_is_wrong_is_said_at_its_place(void **state)
{
	static const char text[] = "inherit: defualt\n"
				   "descripton: x\n"
				   "roles:\n"
				   "  step.faild: {}\n"
				   "  error: {fg: lightred, bgg: red}\n"
				   "  note: {fg: blu, attributes: [bald, [x]]}\n"
				   "  warning: {attributes: bold}\n"
				   "  status: red\n";
	static const char *const messages[] = {
		"x.yaml:1:10: error: unknown theme 'defualt' (did you mean "
		"'default'?)\n",
		"x.yaml:2:1: error: unknown key 'descripton' in a theme (did you mean "
		"'description'?)\n",
		"x.yaml:4:3: error: unknown key 'step.faild' in 'roles' (did you mean "
		"'step.failed'?)\n",
		"x.yaml:5:15: error: 'fg' must be a colour",
		"x.yaml:5:25: error: unknown key 'bgg' in a role (did you mean 'bg'?)",
		"x.yaml:6:14: error: 'fg' must be a colour",

		"x.yaml:6:32: error: unknown attribute 'bald' (did you mean 'bold'?)",
		"x.yaml:6:38: error: 'attributes' must be a text, not a list",
		"x.yaml:7:25: error: 'attributes' must be a list; write it in [ ]",
		"x.yaml:8:11: error: 'status' must be a mapping",
		NULL};

	(void)state;
	expect_messages(text, messages);
}

static void test_a_theme_has_every_role(void **state)
{
	AUTO_BUF struct buf messages = BUF_INIT;
	static const char text[] = "roles: {text: {}}\n";
	struct theme theme;
	struct err err;

	(void)state;
	assert_int_equal(theme_parse(NULL, "x.yaml", text, strlen(text), &theme, &messages, &err),
			 -1);
	assert_non_null(strstr(messages.data, "x.yaml:1:1: error: the role 'step.failed' is "
					      "missing; add it, or write \"inherit: default\"\n"));
	assert_non_null(strstr(messages.data, "the role 'note' is missing"));
	assert_null(strstr(messages.data, "the role 'text' is missing"));
}

/* --- themes of the person's */

struct place {
	char dir[64];
};

static void write_theme(const struct place *place, const char *name, const char *text)
{
	AUTO_FREE char *path = mem_printf("%s/themes/%s.yaml", place->dir, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	const char *base = getenv("TMPDIR");
	struct place *place = mem_new(sizeof *place);
	AUTO_FREE char *themes = NULL;

	snprintf(place->dir, sizeof place->dir, "%s/theme.XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(place->dir));
	themes = path_join(place->dir, "themes");
	assert_int_equal(mkdir(themes, 0755), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	struct err err;

	path_remove_tree(AT_FDCWD, place->dir, &err);
	free(place);
	return 0;
}

static void expect_refused(const struct place *place, const char *name, enum err_code code,
			   const char *message, const char *detail)
{
	AUTO_BUF struct buf messages = BUF_INIT;
	struct theme theme;
	struct err err;

	assert_int_equal(theme_load(place->dir, name, &theme, &messages, &err), -1);
	assert_int_equal(err.code, code);
	if (!strstr(err.text, message) || !strstr(messages.data, detail))
		fail_msg("%s\n%s", err.text, messages.data);
}

static void test_own_themes_come_first(void **state)
{
	const struct place *place = *state;
	AUTO_BUF struct buf messages = BUF_INIT;
	AUTO_STRV struct strv names = {0};
	struct theme theme;
	struct err err;

	write_theme(place, "light", "inherit: light\nroles: {note: {fg: 99}}\n");
	write_theme(place, "mine", "inherit: light\nroles: {error: {fg: 98}}\n");
	assert_int_equal(theme_load(place->dir, "mine", &theme, &messages, &err), 0);
	expect_color(theme.styles[THEME_NOTE].fg, indexed(99));
	expect_color(theme.styles[THEME_ERROR].fg, indexed(98));
	expect_color(theme.styles[THEME_STEP_FAILED].fg,
		     load("light").styles[THEME_STEP_FAILED].fg);
	theme_names(place->dir, &names);
	assert_int_equal(names.len, 6);
	assert_true(strv_contains(&names, "mine"));
}

/* What the program carries inherits from what it carries: `mono` never has colours. */
static void test_carried_themes_stay_as_they_are(void **state)
{
	const struct place *place = *state;
	AUTO_BUF struct buf messages = BUF_INIT;
	struct theme theme;
	struct err err;

	write_theme(place, "default", "inherit: mono\nroles: {dialog: {fg: 99}}\n");
	assert_int_equal(theme_load(place->dir, "mono", &theme, &messages, &err), 0);
	assert_int_equal(theme.styles[THEME_DIALOG].fg.type, CELL_DEFAULT);
	assert_int_equal(theme_load(place->dir, "default", &theme, &messages, &err), 0);
	expect_color(theme.styles[THEME_DIALOG].fg, indexed(99));
}

static void test_themes_that_cannot_be(void **state)
{
	const struct place *place = *state;

	write_theme(place, "one", "inherit: two\n");
	write_theme(place, "two", "inherit: one\n");
	write_theme(place, "broken", "roles: [\n");
	write_theme(place, "child", "inherit: broken\n");
	expect_refused(place, "one", ERR_USAGE, "is not valid", "'inherit' goes in a circle");
	expect_refused(place, "child", ERR_USAGE, "/themes/broken.yaml is not valid",
		       "broken.yaml:");
	expect_refused(place, "brokn", ERR_NOT_FOUND,
		       "unknown theme 'brokn' (did you mean 'broken'?)", "");
	expect_refused(place, "../themes/one", ERR_NOT_FOUND, "unknown theme", "");
	expect_refused(place, "", ERR_NOT_FOUND, "unknown theme", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_themes),
		cmocka_unit_test(test_colors_as_text),
		cmocka_unit_test(test_colors_of_indexes),
		cmocka_unit_test(test_fewer_colors),
		cmocka_unit_test(test_bright_colors_among_eight),
		cmocka_unit_test(test_text_does_not_vanish),
		cmocka_unit_test(test_without_colors),
		cmocka_unit_test(test_laying_over),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_states_without_colors),
		cmocka_unit_test(test_mono_has_no_color),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_what_is_wrong_is_said_at_its_place),
		cmocka_unit_test(test_a_theme_has_every_role),
		cmocka_unit_test_setup_teardown(test_own_themes_come_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_carried_themes_stay_as_they_are, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_themes_that_cannot_be, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("theme", tests, NULL, NULL);
}
