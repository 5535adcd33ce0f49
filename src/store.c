/* contractor store df, list, remove: what is kept on disk. */
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/session/event_json.h"
#include "src/build.h"
#include "src/columns.h"
#include "ui/words.h"

/* Runs a command's own part on the opened store; where there is none, only if it prints a document,
 * and with a NULL host. */
static int with_store(struct program *program,
		      int (*act)(struct program *program, struct host *host, struct err *err))
{
	bool exists = build_has_store(program);
	struct build build = {0};
	struct err err;
	int status = 0;

	if (!exists && !program->options.json) {
		build_tell_no_store(program);
		return program->arguments.len ? STATUS_USAGE : 0;
	}
	if (exists)
		status = build_open_store(&build, program, program->options.all);
	if (!status) {
		status = act(program, build.host, &err);
		if (status < 0)
			status = program_fail(program, &err);
	}
	build_release(&build);
	return status;
}

static uint64_t all_bytes(const struct store_usage *usage)
{
	return usage->layers_bytes + usage->logs_bytes + usage->blobs_bytes + usage->database_bytes;
}

static void add_usage(struct columns *table, const char *what, uint64_t bytes, const char *more)
{
	AUTO_BUF struct buf size = BUF_INIT;

	add_size(&size, bytes);
	columns_add(table, what);
	columns_add(table, size.data);
	columns_add(table, more);
}

static void print_usage(struct program *program, const char *path, const struct store_usage *usage)
{
	struct columns table = {.count = 3, .right = " r "};
	AUTO_BUF struct buf layers = BUF_INIT, attempts = BUF_INIT;

	buf_add_count(&layers, (uint64_t)usage->layers, "layer");
	buf_add_fmt(&layers, ", and %lld squashed from them", (long long)usage->squashed);
	buf_add_count(&attempts, (uint64_t)usage->attempts, "attempt");
	buf_add_fmt(&attempts, ", %lld of them failed", (long long)usage->failed);
	add_usage(&table, "layers", usage->layers_bytes, layers.data);
	add_usage(&table, "logs", usage->logs_bytes, attempts.data);
	add_usage(&table, "artifacts", usage->blobs_bytes, "as made by steps");
	add_usage(&table, "index", usage->database_bytes, "what is known of them");
	add_usage(&table, "all", all_bytes(usage), path);
	columns_print(&table, &program->out);
	columns_release(&table);
}

static json_t *usage_json(struct program *program, const struct host *host,
			  const struct store_usage *usage)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"bytes", all_bytes(usage)},
		{"layers_bytes", usage->layers_bytes},
		{"logs_bytes", usage->logs_bytes},
		{"artifacts_bytes", usage->blobs_bytes},
		{"index_bytes", usage->database_bytes},
		{"layers", (uint64_t)usage->layers},
		{"squashed", (uint64_t)usage->squashed},
		{"attempts", (uint64_t)usage->attempts},
		{"failed", (uint64_t)usage->failed},
	};
	json_t *document = build_store_document(program, host, "store-df");

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		js_set_int(document, numbers[i].key, (int64_t)numbers[i].value);
	return document;
}

static int show_usage(struct program *program, struct host *host, struct err *err)
{
	struct store_usage usage = {0};

	if (host && store_usage(host_store(host), &usage, err) < 0)
		return -1;
	if (program->options.json)
		program_print_json(program, usage_json(program, host, &usage));
	else
		print_usage(program, store_path(host_store(host)), &usage);
	return 0;
}

int store_df_command(struct program *program)
{
	return with_store(program, show_usage);
}

static int add_attempt(void *data, const struct attempt *attempt)
{
	struct columns *table = data;
	AUTO_BUF struct buf time = BUF_INIT, duration = BUF_INIT;

	add_time(&time, attempt->started_ms);
	add_duration(&duration, attempt->duration_ms);
	columns_add_fmt(table, "%lld", (long long)attempt->number);
	columns_add(table, time.data);
	columns_add(table, duration.data);
	columns_add(table, attempt_result_name(attempt->result));
	columns_add(table, attempt->action);
	columns_add_fmt(table, "%lld", (long long)attempt->step);
	columns_add(table, attempt->name);
	columns_add(table, attempt->spec_path);
	return 0;
}

static int print_attempts(struct program *program, struct host *host, struct err *err)
{
	static const char *const heads[] = {"ATTEMPT", "STARTED", "TIME", "STATE",
					    "ACTION",  "STEP",	  "NAME", "SPEC"};
	struct columns table = {.count = ARRAY_SIZE(heads), .right = "r r  r  "};
	int result;

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		columns_add(&table, heads[i]);
	result = store_each_attempt(host_store(host), add_attempt, &table, err);
	if (!result)
		columns_print(&table, &program->out);
	columns_release(&table);
	return result;
}

static int append_attempt(void *data, const struct attempt *attempt)
{
	return json_array_append_new(data, event_json_attempt(attempt));
}

static int print_attempts_json(struct program *program, struct host *host, struct err *err)
{
	json_t *document = build_store_document(program, host, "store-list");
	json_t *attempts = json_array();

	json_object_set_new(document, "attempts", attempts);
	if (host && store_each_attempt(host_store(host), append_attempt, attempts, err) < 0) {
		json_decref(document);
		return -1;
	}
	program_print_json(program, document);
	return 0;
}

int store_list_command(struct program *program)
{
	return with_store(program, program->options.json ? print_attempts_json : print_attempts);
}

static int remove_all(struct program *program, struct host *host, struct err *err)
{
	(void)program;
	return host_remove_store(host, err);
}

static int remove_one(struct program *program, struct host *host, struct err *err)
{
	const char *text = program_argument(program, 0);
	char *end;
	long long number = strtoll(text, &end, 10);
	AUTO_BUF struct buf count = BUF_INIT;
	int removed;

	if (*end || number < 1)
		return err_set(err, ERR_USAGE, "'%s' is not the number of an attempt", text);
	if (store_remove_attempt(host_store(host), number, &removed, err) < 0)
		return -1;
	buf_add_count(&count, (uint64_t)removed, "attempt");
	console_print(&program->out, "%s removed\n", count.data);
	return 0;
}

int store_remove_command(struct program *program)
{
	struct err err;

	if (program->options.all == (program->arguments.len > 0)) {
		err_set(&err, ERR_USAGE, "either ATTEMPT or --all is needed");
		return program_fail_usage(program, &err);
	}
	return with_store(program, program->options.all ? remove_all : remove_one);
}
