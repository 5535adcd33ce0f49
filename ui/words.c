#include "ui/words.h"

#include <string.h>
#include <time.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

const struct look *look_of(enum step_result result)
{
	static const struct look looks[] = {
		[STEP_PENDING] = {"·", ".", "2"},	[STEP_CACHED] = {"◆", "=", "36"},
		[STEP_RUNNING] = {"▶", ">", "1;33"},	[STEP_PAUSED] = {"‖", "|", "33"},
		[STEP_PASSED] = {"✓", "+", "32"},	[STEP_FAILED] = {"✗", "x", "1;31"},
		[STEP_KILLED] = {"■", "k", "1;31"},	[STEP_TIMED_OUT] = {"◷", "t", "1;31"},
		[STEP_OVER_LIMIT] = {"▲", "^", "1;31"},
	};

	return &looks[result];
}

const struct flag_look flag_looks[] = {
	{STEP_EDITED, "edited", {"✎", "e", "35"}},
	{STEP_ADOPTED, "adopted", {"⊕", "a", "35"}},
	{STEP_STALE, "stale", {"~", "~", "2"}},
	{0},
};

enum step_result result_of_attempt(const struct attempt *attempt)
{
	static const enum step_result results[] = {
		[ATTEMPT_PASSED] = STEP_PASSED,		[ATTEMPT_FAILED] = STEP_FAILED,
		[ATTEMPT_KILLED] = STEP_KILLED,		[ATTEMPT_TIMED_OUT] = STEP_TIMED_OUT,
		[ATTEMPT_OVER_LIMIT] = STEP_OVER_LIMIT,
	};

	return results[attempt->result];
}

/* "exit status 137 (SIGKILL)" */
static void add_status(struct buf *out, int status)
{
	const char *signal_name = status > 128 ? sigabbrev_np(status - 128) : NULL;

	buf_add_fmt(out, "exit status %d", status);
	if (signal_name)
		buf_add_fmt(out, " (SIG%s)", signal_name);
}

/* Whether the message begins with no more than the attempt's state and exit status. */
static bool says_status(const char *message)
{
	static const char status[] = "exit status ";

	return !*message || !strcmp(message, "killed") || !strncmp(message, status, strlen(status));
}

void add_reason(struct buf *out, const struct attempt *attempt)
{
	static const char stopped[] = "stopped: ";
	const char *message = attempt->message ? attempt->message : "";

	if (attempt->exit_status >= 0 && says_status(message)) {
		add_status(out, attempt->exit_status);
		message = strchrnul(message, ';');
		buf_add_shown(out, message, strlen(message));
		return;
	}
	if (!strncmp(message, stopped, strlen(stopped)))
		message += strlen(stopped);
	else if (!*message)
		message = "nothing ran";
	buf_add_shown(out, message, strlen(message));
}

void add_duration(struct buf *out, int64_t ms)
{
	int64_t seconds = ms / 1000;

	if (ms < 9950)
		buf_add_fmt(out, "%.1f s", (double)ms / 1000);
	else if (seconds < 60)
		buf_add_fmt(out, "%d s", (int)seconds);
	else if (seconds < 3600)
		buf_add_fmt(out, "%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
	else
		buf_add_fmt(out, "%lld h %02d min", (long long)(seconds / 3600),
			    (int)(seconds / 60 % 60));
}

void add_brief_duration(struct buf *out, int64_t ms)
{
	int64_t minutes = ms / 60000, hours = minutes / 60;

	if (!minutes)
		add_duration(out, ms);
	else if (!hours)
		buf_add_fmt(out, "%dm %02ds", (int)minutes, (int)(ms / 1000 % 60));
	else if (hours < 1000)
		buf_add_fmt(out, "%dh %02dm", (int)hours, (int)(minutes % 60));
	else
		buf_add_str(out, "> 999h");
}

void add_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		buf_add_fmt(out, "%u B", (unsigned)bytes);
		return;
	}
	while (value >= 1023.95 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	buf_add_fmt(out, "%.1f %s", value, units[unit]);
}

void add_time(struct buf *out, int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	char text[32];

	if (localtime_r(&seconds, &parts) && strftime(text, sizeof text, "%F %T", &parts))
		buf_add_str(out, text);
	else
		buf_add_str(out, "-");
}

void add_quoted(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789%+,-./:=@_";

	if (*text && !text[strspn(text, plain)]) {
		buf_add_str(out, text);
		return;
	}
	buf_add_char(out, '\'');
	for (; *text; text++) {
		size_t length = strcspn(text, "'");

		buf_add_shown(out, text, length);
		text += length;
		if (!*text)
			break;
		buf_add_str(out, "'\\''");
	}
	buf_add_char(out, '\'');
}

/* The next character's bytes and columns; of an invalid byte one each. */
static size_t measure(const char *text, size_t length, size_t *ret_columns)
{
	uint32_t code = 0;
	size_t used = utf8_decode(text, length, &code);
	int columns = used ? wcwidth((wchar_t)code) : 1;

	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return used ? used : 1;
}

size_t fit_columns(const char *text, size_t length, size_t columns)
{
	size_t at = 0;

	while (at < length) {
		size_t taken, used = measure(text + at, length - at, &taken);

		if (taken > columns)
			break;
		columns -= taken;
		at += used;
	}
	return at;
}

size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t at = 0; at < length;) {
		size_t taken;

		at += measure(text + at, length - at, &taken);
		columns += taken;
	}
	return columns;
}

void add_fitting(struct buf *out, const char *text, size_t columns, bool ascii)
{
	size_t length = strlen(text);

	if (columns_of(text, length) <= columns) {
		buf_add(out, text, length);
	} else if (columns) {
		buf_add(out, text, fit_columns(text, length, columns - 1));
		buf_add_str(out, ascii ? "~" : "\xe2\x80\xa6");
	}
}
