/* spec_fixture.h: the actions of the design's page, as tables for the tests of the spec reader. */
#ifndef TESTS_UNIT_SPEC_FIXTURE_H
#define TESTS_UNIT_SPEC_FIXTURE_H

#include "engine/spec/spec.h"

static const struct field no_fields[] = {{0}};

static const struct field create_artifact_fields[] = {
	{"artifact", FIELD_NAME, FIELD_REQUIRED | FIELD_MAIN, .help = "Its name."},
	{"from", FIELD_PATH, 0, .fallback = ".", .help = "A directory in the workspace."},
	{"include", FIELD_GLOBS, 0, .help = "Only these."},
	{"exclude", FIELD_GLOBS, 0, .help = "Not these."},
	{"compression", FIELD_CHOICE, 0, "zstd", "zstd|gzip|xz|none", "How it is packed."},
	{0},
};

static const struct field unpack_artifact_fields[] = {
	{"artifact", FIELD_NAME, FIELD_EXCLUDES_NEXT | FIELD_MAIN, .help = "Its name."},
	{"path", FIELD_CONTEXT_PATH, FIELD_MAIN, .help = "An archive."},
	{"to", FIELD_PATH, 0, .fallback = ".", .help = "Where in the workspace."},
	{"strip", FIELD_COUNT, 0, .fallback = "0", .help = "Leading components."},
	{0},
};

static const struct field create_systree_fields[] = {
	{"artifact", FIELD_NAME, FIELD_EXCLUDES_NEXT | FIELD_MAIN, .help = "Its name."},
	{"path", FIELD_CONTEXT_PATH, FIELD_MAIN, .help = "An archive."},
	{"strip", FIELD_COUNT, 0, .fallback = "0", .help = "Leading components."},
	{0},
};

static const struct field debootstrap_fields[] = {
	{"suite", FIELD_TEXT, FIELD_REQUIRED | FIELD_MAIN, .help = "Which release."},
	{"mirror", FIELD_TEXT, 0, .help = "Where from."},
	{"variant", FIELD_TEXT, 0, .fallback = "minbase", .help = "Which base."},
	{"components", FIELD_TEXTS, 0, .help = "Archive areas."},
	{"include", FIELD_TEXTS, 0, .help = "More packages."},
	{"exclude", FIELD_TEXTS, 0, .help = "Fewer packages."},
	{"architecture", FIELD_NAME, 0, .help = "For which machines."},
	{"keyring", FIELD_CONTEXT_PATH, 0, .help = "Trusted keys."},
	{0},
};

static const struct field apt_fields[] = {
	{"packages", FIELD_TEXTS, FIELD_ONE_OF_GROUP | FIELD_MAIN, .help = "To install."},
	{"build-dep", FIELD_TEXTS, FIELD_ONE_OF_GROUP | FIELD_MAIN, .help = "Build needs of."},
	{"source", FIELD_TEXTS, FIELD_ONE_OF_GROUP | FIELD_MAIN, .help = "To unpack."},
	{"update", FIELD_BOOL, 0, .fallback = "true", .help = "First refresh the lists."},
	{"recommends", FIELD_BOOL, 0, .fallback = "false", .help = "Also what is recommended."},
	{"upgrade", FIELD_BOOL, FIELD_ONE_OF_GROUP, .fallback = "false", .help = "All packages."},
	{0},
};

static const struct field shell_fields[] = {
	{"shell", FIELD_SCRIPT, FIELD_REQUIRED | FIELD_MAIN_LINE, .help = "The script."},
	{"interpreter", FIELD_ARGV, 0, .fallback = "[/bin/sh, -e]", .help = "What runs it."},
	{"workdir", FIELD_INSIDE_PATH, 0, .fallback = "/workspace", .help = "Where it runs."},
	{"network", FIELD_CHOICE, 0, "none", "none|host", "Whether it has the network."},
	{"outputs", FIELD_PATHS, 0, .help = "What must exist afterwards."},
	{"mounts", FIELD_LATER, 0, .help = "Not built yet."},
	{0},
};

static const struct field copy_fields[] = {
	{"from", FIELD_CONTEXT_PATH, FIELD_REQUIRED | FIELD_MAIN, .help = "What."},
	{"to", FIELD_PATH, 0, .fallback = ".", .help = "Where in the workspace."},
	{"exclude", FIELD_GLOBS, 0, .help = "Not these."},
	{0},
};

static const struct field git_fields[] = {
	{"url", FIELD_TEXT, FIELD_REQUIRED | FIELD_MAIN, .help = "Where from."},
	{"ref", FIELD_TEXT, 0, .fallback = "HEAD", .help = "Which commit."},
	{"to", FIELD_PATH, 0, .fallback = ".", .help = "Where in the workspace."},
	{"depth", FIELD_COUNT, 0, .help = "How much history."},
	{"submodules", FIELD_BOOL, 0, .fallback = "false", .help = "Also these."},
	{0},
};

static const struct action_schema empty_workspace_schema = {
	.name = "empty-workspace", .help = "Begins with nothing.", .fields = no_fields};
static const struct action_schema create_artifact_schema = {.name = "create-artifact",
							    .help = "Packs.",
							    .fields = create_artifact_fields,
							    .makes_artifact = true};
static const struct action_schema unpack_artifact_schema = {.name = "unpack-artifact",
							    .help = "Unpacks.",
							    .fields = unpack_artifact_fields,
							    .needs_artifact = true};
static const struct action_schema create_systree_schema = {.name = "create-systree",
							   .help = "Makes the system.",
							   .fields = create_systree_fields,
							   .needs_artifact = true};
static const struct action_schema debootstrap_schema = {.name = "debootstrap",
							.help = "Installs Debian.",
							.fields = debootstrap_fields,
							.sandboxed = true};
static const struct action_schema apt_schema = {
	.name = "apt", .help = "Installs packages.", .fields = apt_fields, .sandboxed = true};
static const struct action_schema shell_schema = {
	.name = "shell", .help = "Runs a script.", .fields = shell_fields, .sandboxed = true};
static const struct action_schema copy_schema = {
	.name = "copy", .help = "Copies.", .fields = copy_fields};
static const struct action_schema git_schema = {
	.name = "git", .help = "Clones.", .fields = git_fields, .sandboxed = true};

static const struct action_schema *const fixture_schemas[] = {
	&empty_workspace_schema,
	&create_artifact_schema,
	&unpack_artifact_schema,
	&create_systree_schema,
	&debootstrap_schema,
	&apt_schema,
	&shell_schema,
	&copy_schema,
	&git_schema,
	NULL,
};

/* Reads text as the spec /nowhere/t.yaml with these parameters ("A=B", or NULL). ret_messages
 * gets a line "LINE:COLUMN: TEXT" for each diagnostic. */
static inline struct spec *fixture_parse(const char *text, size_t length,
					 const struct strv *parameters, struct buf *ret_messages)
{
	struct spec_options options = {.schemas = fixture_schemas, .parameters = parameters};
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;
	struct err err = {0};

	buf_clear(ret_messages);
	if (spec_parse("/nowhere/t.yaml", text, length, &options, &spec, &diagnostics, &err) < 0)
		buf_add_str(ret_messages, err.text);
	for (size_t i = 0; i < diagnostics.len; i++)
		buf_add_fmt(ret_messages, "%zu:%zu: %s\n", diagnostics.items[i].position.line,
			    diagnostics.items[i].position.column, diagnostics.items[i].text);
	diagnostics_release(&diagnostics);
	return spec;
}

#endif
