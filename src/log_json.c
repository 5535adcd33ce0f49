#include "src/log_json.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/session/event_json.h"

enum { LOG_JSON_VERSION = 1, PIECE = 1 << 16, BASE64_BYTES = 3 };

/* A log in pieces that end with a character, or, in base64, with three bytes. */
struct pieces {
	int fd;
	bool in_base64;
	struct buf bytes; /* the first of them are */
	size_t length;	  /* the piece */
};

struct facts {
	int64_t bytes, lines;
	bool is_text;
};

/* Reads the next piece: 1, 0 at the end, or -1. */
static int next_piece(struct pieces *pieces, struct err *err)
{
	struct buf *bytes = &pieces->bytes;
	char read_bytes[PIECE];
	ssize_t got;

	buf_drop(bytes, pieces->length);
	got = read(pieces->fd, read_bytes, sizeof read_bytes);
	if (got < 0)
		return err_sys(err, "cannot read the log");
	buf_add(bytes, read_bytes, (size_t)got);
	pieces->length = bytes->len;
	if (got && pieces->in_base64)
		pieces->length -= bytes->len % BASE64_BYTES;
	else if (got)
		pieces->length -= utf8_unfinished(bytes->data, bytes->len);
	return got || pieces->length;
}

static void add_facts(struct facts *facts, const char *bytes, size_t length)
{
	AUTO_BUF struct buf unused = BUF_INIT;

	facts->bytes += (int64_t)length;
	for (size_t i = 0; i < length; i++)
		facts->lines += bytes[i] == '\n';
	facts->is_text = facts->is_text && js_add_inside(&unused, bytes, length, false) == 0;
}

/* Counts; a last line without its end is one, too. */
static int find_facts(int fd, struct facts *ret_facts, struct err *err)
{
	struct pieces pieces = {.fd = fd, .bytes = BUF_INIT};
	struct facts facts = {.is_text = true};
	char last = '\n';
	int more;

	while ((more = next_piece(&pieces, err)) > 0) {
		add_facts(&facts, pieces.bytes.data, pieces.length);
		if (pieces.length)
			last = pieces.bytes.data[pieces.length - 1];
	}
	buf_release(&pieces.bytes);
	facts.lines += last != '\n';
	*ret_facts = facts;
	return more;
}

/* Prints the log as the inside of a string. */
static int print_inside(struct console *out, int fd, bool is_text, struct err *err)
{
	struct pieces pieces = {.fd = fd, .in_base64 = !is_text, .bytes = BUF_INIT};
	AUTO_BUF struct buf text = BUF_INIT;
	int more = lseek(fd, 0, SEEK_SET) < 0 ? err_sys(err, "cannot read the log") : 1;

	while (more > 0 && !out->error && (more = next_piece(&pieces, err)) > 0) {
		buf_clear(&text);
		if (!is_text)
			js_add_base64(&text, pieces.bytes.data, pieces.length);
		else if (js_add_inside(&text, pieces.bytes.data, pieces.length, out->terminal) < 0)
			more = err_set(err, ERR_FAULT, "the log has changed while it was read");
		console_add(out, text.data, text.len);
		console_flush(out);
	}
	buf_release(&pieces.bytes);
	return more < 0 ? -1 : 0;
}

/* Whose attempts are wanted, and the document's array of them. */
struct listing {
	const struct attempt *shown;
	const char *spec_path;
	int64_t step;
	json_t *attempts;
};

/* The one whose log is shown may be of another specification, from whose cache it comes. */
static int list_attempt(void *data, const struct attempt *attempt)
{
	struct listing *listing = data;

	if (attempt->number == listing->shown->number ||
	    (attempt->step == listing->step && !strcmp(attempt->spec_path, listing->spec_path)))
		json_array_append_new(listing->attempts, event_json_attempt(attempt));
	return 0;
}

static int add_attempts(const struct build *build, size_t step, const struct attempt *shown,
			json_t *document, struct err *err)
{
	struct listing listing = {shown, build->spec->real_path, (int64_t)step, json_array()};

	json_object_set_new(document, "attempts", listing.attempts);
	return store_each_attempt(host_store(build->host), list_attempt, &listing, err);
}

/* All of the document but the log. NULL on failure. */
static json_t *make_document(const struct build *build, size_t step, const struct attempt *attempt,
			     const struct facts *facts, struct err *err)
{
	json_t *document = js_document("log", LOG_JSON_VERSION);

	js_set_text(document, "spec", build->spec->real_path);
	json_object_set_new(document, "step", event_json_step(&build->spec->steps[step - 1]));
	js_set_int(document, "attempt", attempt->number);
	js_set_int(document, "bytes", facts->bytes);
	js_set_int(document, "lines", facts->lines);
	if (add_attempts(build, step, attempt, document, err) == 0)
		return document;
	json_decref(document);
	return NULL;
}

int log_json_print(const struct build *build, size_t step, const struct attempt *attempt,
		   int log_fd, struct err *err)
{
	static const char end[] = "\n}\n";
	struct console *out = &build->program->out;
	AUTO_BUF struct buf text = BUF_INIT;
	struct facts facts;
	json_t *document;

	if (find_facts(log_fd, &facts, err) < 0)
		return -1;
	document = make_document(build, step, attempt, &facts, err);
	if (!document)
		return -1;
	js_add_document(&text, document, out->terminal);
	json_decref(document);
	buf_truncate(&text, text.len - strlen(end));
	console_add(out, text.data, text.len);
	console_print(out, ",\n  \"text%s\": \"", facts.is_text ? "" : "_base64");
	if (print_inside(out, log_fd, facts.is_text, err) < 0)
		return -1;
	console_print(out, "\"%s", end);
	return 0;
}
