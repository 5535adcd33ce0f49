/* contractor store df, list, remove: what is kept on disk. */
#include <stdlib.h>

#include "engine/base/mem.h"
#include "src/build.h"
#include "src/columns.h"
#include "src/words.h"

/* Runs a command's own part on the opened store. */
static int with_store(struct program *program,
		      int (*act)(struct program *program, struct host *host, struct err *err))
{
	struct build build = {0};
	struct err err;
	int status = build_open_store(&build, program);

	if (!status) {
		status = act(program, build.host, &err);
		if (status < 0)
			status = program_fail(program, &err);
	}
	build_release(&build);
	return status;
}

static void add_usage(struct columns *table, const char *what, uint64_t bytes, const char *more)
{
	AUTO_BUF struct buf size = BUF_INIT;

	add_size(&size, bytes);
	columns_add(table, what);
	columns_add(table, size.data);
	columns_add(table, more);
}

static int print_usage(struct program *program, struct host *host, struct err *err)
{
	struct columns table = {.count = 3, .right = " r "};
	struct store_usage usage;
	AUTO_FREE char *layers = NULL, *attempts = NULL;

	if (store_usage(host_store(host), &usage, err) < 0)
		return -1;
	layers = mem_printf("%lld layers", (long long)usage.layers);
	attempts = mem_printf("%lld attempts, %lld of them failed", (long long)usage.attempts,
			      (long long)usage.failed);
	add_usage(&table, "layers", usage.layers_bytes, layers);
	add_usage(&table, "logs", usage.logs_bytes, attempts);
	add_usage(&table, "artifacts", usage.blobs_bytes, "as made by steps");
	add_usage(&table, "index", usage.database_bytes, "");
	add_usage(&table, "all",
		  usage.layers_bytes + usage.logs_bytes + usage.blobs_bytes + usage.database_bytes,
		  store_path(host_store(host)));
	columns_print(&table, &program->out);
	columns_release(&table);
	return 0;
}

int store_df_command(struct program *program)
{
	return with_store(program, print_usage);
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

int store_list_command(struct program *program)
{
	return with_store(program, print_attempts);
}

/* A growing list of numbers. */
struct numbers {
	int64_t *items;
	size_t count, capacity;
};

static int add_number(void *data, const struct attempt *attempt)
{
	struct numbers *numbers = data;

	numbers->items = mem_grow(numbers->items, numbers->count, &numbers->capacity,
				  sizeof *numbers->items);
	numbers->items[numbers->count++] = attempt->number;
	return 0;
}

static void report_nothing(void *data, const char *line)
{
	(void)data;
	(void)line;
}

/* Removes every attempt, and what is there besides. Those that stand on another go with it. */
static int remove_attempts(struct program *program, struct host *host, struct err *err)
{
	struct store *store = host_store(host);
	struct numbers numbers = {0};
	int removed, findings, result = store_each_attempt(store, add_number, &numbers, err);

	(void)program;
	for (size_t i = 0; !result && i < numbers.count; i++) {
		result = store_remove_attempt(store, numbers.items[i], &removed, err);
		if (result < 0 && err->code == ERR_NOT_FOUND)
			result = 0;
	}
	free(numbers.items);
	return result < 0 ? -1 : store_verify(store, true, report_nothing, NULL, &findings, err);
}

/* Removes the store. What belongs to other ids is removed first, by the host's worker inside the
 * namespaces. */
static int remove_all(struct program *program)
{
	const struct store_options options = {.damaged_ok = true};
	AUTO_FREE char *path =
		program->options.store ? mem_strdup(program->options.store) : store_default_path();
	struct store *store;
	struct err err;
	int status = with_store(program, remove_attempts);

	if (status)
		return status;
	if (store_open(path, &options, &store, &err) < 0 || store_remove_all(store, &err) < 0)
		return program_fail(program, &err);
	return 0;
}

static int remove_one(struct program *program, struct host *host, struct err *err)
{
	const char *text = program_argument(program, 0);
	char *end;
	long long number = strtoll(text, &end, 10);
	int removed;

	if (*end || number < 1)
		return err_set(err, ERR_USAGE, "'%s' is not the number of an attempt", text);
	if (store_remove_attempt(host_store(host), number, &removed, err) < 0)
		return -1;
	console_print(&program->out, "%d attempt%s removed\n", removed, removed == 1 ? "" : "s");
	return 0;
}

int store_remove_command(struct program *program)
{
	struct err err;

	if (program->options.all == (program->arguments.len > 0)) {
		err_set(&err, ERR_USAGE, "either ATTEMPT or --all is needed");
		return program_fail_usage(program, &err);
	}
	return program->options.all ? remove_all(program) : with_store(program, remove_one);
}
