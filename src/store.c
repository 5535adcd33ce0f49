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
	int status = build_open_store(&build, program, program->options.all);

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
	add_usage(&table, "index", usage.database_bytes, "what is known of them");
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
	return with_store(program, program->options.all ? remove_all : remove_one);
}
