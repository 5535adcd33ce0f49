/* Events as JSON (engine/session/event_json.h): each type, with all its keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/actions/action.h"
#include "engine/base/js.h"
#include "engine/base/mem.h"
#include "engine/session/event_json.h"

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What json is, and how it is to be written. */
static void expect(json_t *json, const char *text)
{
	json_t *expected = json_loads(text, JSON_ALLOW_NUL, NULL);
	AUTO_BUF struct buf found = BUF_INIT;

	assert_non_null(expected);
	js_add_line(&found, json, false);
	if (!json_equal(json, expected))
		fail_msg("found %swanted %s", found.data, text);
	json_decref(json);
	json_decref(expected);
}

static void fill(struct attempt *attempt)
{
	static char name[] = "Compile", action[] = "shell", message[] = "exit status 3";

	*attempt = (struct attempt){
		.number = 40,
		.id = "14",
		.key = KEY,
		.spec_path = "/a/b.yaml",
		.step = 2,
		.name = name,
		.action = action,
		.result = ATTEMPT_FAILED,
		.exit_status = 3,
		.message = message,
		.started_ms = INT64_C(1700000000123),
		.duration_ms = 456,
	};
}

#define ATTEMPT                                                                      \
	"{\"number\": 40, \"id\": \"14\", \"spec\": \"/a/b.yaml\", \"step\": 2,"     \
	" \"name\": \"Compile\", \"action\": \"shell\", \"result\": \"failed\","     \
	" \"exit_status\": 3, \"message\": \"exit status 3\", \"key\": \"" KEY "\"," \
	" \"adopted\": false, \"started_ms\": 1700000000123, \"duration_ms\": 456}"

static void test_attempt(void **state)
{
	struct attempt attempt;
	static char none[] = "";

	(void)state;
	fill(&attempt);
	expect(event_json_attempt(&attempt), ATTEMPT);
	attempt.exit_status = -1;
	attempt.message = none;
	attempt.key[0] = '\0';
	attempt.result = ATTEMPT_PASSED;
	attempt.adopted = true;
	expect(event_json_attempt(&attempt),
	       "{\"number\": 40, \"id\": \"14\", \"spec\": \"/a/b.yaml\", \"step\": 2,"
	       " \"name\": \"Compile\", \"action\": \"shell\", \"result\": \"passed\","
	       " \"exit_status\": null, \"message\": null, \"key\": null,"
	       " \"adopted\": true, \"started_ms\": 1700000000123, \"duration_ms\": 456}");
}

/* Those that have a text, bytes or a number. */
static void test_small_events(void **state)
{
	static const struct {
		struct event event;
		const char *json;
	} examples[] = {
		{{.type = EVENT_STEP_STARTED, .step = 2, .attempt_id = "14"},
		 "{\"event\": \"step-started\", \"time_ms\": 7, \"step\": 2, \"attempt_id\": "
		 "\"14\"}"},
		{{.type = EVENT_STEP_OUTPUT, .step = 2, .bytes = "a\0\xc3\xa4?", .length = 4},
		 "{\"event\": \"step-output\", \"time_ms\": 7, \"step\": 2, \"text\": "
		 "\"a\\u0000\xc3\xa4\"}"},
		{{.type = EVENT_STEP_OUTPUT, .step = 2, .bytes = "a\xff", .length = 2},
		 "{\"event\": \"step-output\", \"time_ms\": 7, \"step\": 2, \"text_base64\": "
		 "\"Yf8=\"}"},
		{{.type = EVENT_STEP_NOTE, .step = 2, .text = "no \"net\""},
		 "{\"event\": \"step-note\", \"time_ms\": 7, \"step\": 2, \"text\": \"no "
		 "\\\"net\\\"\"}"},
		{{.type = EVENT_STEP_READING, .step = 2, .text = "reading", .amount = 7},
		 "{\"event\": \"step-reading\", \"time_ms\": 7, \"step\": 2, \"text\": "
		 "\"reading\", \"bytes\": 7}"},
		{{.type = EVENT_STEP_PROGRESS, .step = 2, .amount = UINT64_C(5000000000)},
		 "{\"event\": \"step-progress\", \"time_ms\": 7, \"step\": 2, \"bytes\": "
		 "5000000000}"},
		{{.type = EVENT_STEP_TERMINAL, .step = 2, .amount = 9, .onlcr = true},
		 "{\"event\": \"step-terminal\", \"time_ms\": 7, \"step\": 2, \"offset\": 9, "
		 "\"onlcr\": true}"},
		{{.type = EVENT_STEP_PAUSED, .step = 2},
		 "{\"event\": \"step-paused\", \"time_ms\": 7, \"step\": 2}"},
		{{.type = EVENT_STEP_RESUMED, .step = 2},
		 "{\"event\": \"step-resumed\", \"time_ms\": 7, \"step\": 2}"},
		{{.type = EVENT_BREAKPOINT_LOG, .step = 2, .text = "here"},
		 "{\"event\": \"breakpoint-log\", \"time_ms\": 7, \"step\": 2, \"text\": "
		 "\"here\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		expect(event_json(&examples[i].event, 7), examples[i].json);
}

static void test_events_with_an_attempt(void **state)
{
	struct attempt attempt;
	struct event event = {.step = 2, .attempt = &attempt, .attempt_id = "14"};

	(void)state;
	fill(&attempt);
	event.type = EVENT_STEP_CACHED;
	expect(event_json(&event, 7), "{\"event\": \"step-cached\", \"time_ms\": 7, \"step\": 2,"
				      " \"attempt\": " ATTEMPT "}");
	event.type = EVENT_STEP_ENDED;
	expect(event_json(&event, 7), "{\"event\": \"step-ended\", \"time_ms\": 7, \"step\": 2,"
				      " \"attempt\": " ATTEMPT "}");
}

static void test_stops(void **state)
{
	struct attempt attempt;
	struct event event = {.type = EVENT_STOPPED, .step = 2, .reason = STOP_END};
	struct err err = {.code = ERR_HOST, .text = "no space"};

	(void)state;
	fill(&attempt);
	expect(event_json(&event, 7),
	       "{\"event\": \"stopped\", \"time_ms\": 7, \"step\": 2, \"reason\": \"end\","
	       " \"breakpoint\": null, \"attempt\": null, \"error\": null}");
	event.reason = STOP_BREAKPOINT;
	event.breakpoint = 3;
	expect(event_json(&event, 7),
	       "{\"event\": \"stopped\", \"time_ms\": 7, \"step\": 2, \"reason\": \"breakpoint\","
	       " \"breakpoint\": 3, \"attempt\": null, \"error\": null}");
	event.reason = STOP_FAILED;
	event.attempt = &attempt;
	expect(event_json(&event, 7),
	       "{\"event\": \"stopped\", \"time_ms\": 7, \"step\": 2, \"reason\": \"failed\","
	       " \"breakpoint\": null, \"attempt\": " ATTEMPT ", \"error\": null}");
	event.reason = STOP_ERROR;
	event.attempt = NULL;
	event.err = &err;
	expect(event_json(&event, 7),
	       "{\"event\": \"stopped\", \"time_ms\": 7, \"step\": 2, \"reason\": \"error\","
	       " \"breakpoint\": null, \"attempt\": null,"
	       " \"error\": {\"code\": \"host\", \"text\": \"no space\"}}");
}

/* Every type has a name, and none is another's. */
static void test_every_type_is_told(void **state)
{
	struct attempt attempt;
	json_t *names = json_object();

	(void)state;
	fill(&attempt);
	for (int i = 0; i < EVENT_TYPES; i++) {
		const struct event event = {
			.type = (enum event_type)i, .step = 1, .attempt = &attempt, .bytes = ""};
		json_t *json = event_json(&event, 0);
		const char *name = json_string_value(json_object_get(json, "event"));

		assert_non_null(name);
		assert_null(json_object_get(names, name));
		json_object_set_new(names, name, json_true());
		json_decref(json);
	}
	json_decref(names);
}

static void test_errors(void **state)
{
	static const struct {
		enum err_code code;
		const char *name;
	} examples[] = {
		{ERR_NONE, "none"}, {ERR_STEP, "step"},	  {ERR_USAGE, "usage"},
		{ERR_HOST, "host"}, {ERR_FAULT, "fault"}, {ERR_NOT_FOUND, "not-found"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		json_t *json = event_json_err(&(struct err){.code = examples[i].code});

		assert_string_equal(json_string_value(json_object_get(json, "code")),
				    examples[i].name);
		json_decref(json);
	}
}

static void test_diagnostics(void **state)
{
	static char text[] = "unknown key 'pakages' (did you mean 'packages'?)";
	static char other[] = "(did you mean 'it'?) is asked too early";
	struct diagnostic diagnostic = {.position = {14, 5, 200}, .text = text};

	(void)state;
	expect(event_json_diagnostic("a\xff.yaml", &diagnostic),
	       "{\"file\": \"a\\\\xff.yaml\", \"file_base64\": \"Yf8ueWFtbA==\", \"line\": 14,"
	       " \"column\": 5, \"offset\": 200, \"text\": \"unknown key 'pakages'"
	       " (did you mean 'packages'?)\", \"hint\": \"packages\"}");
	diagnostic.text = other;
	expect(event_json_diagnostic("a", &diagnostic),
	       "{\"file\": \"a\", \"line\": 14, \"column\": 5, \"offset\": 200,"
	       " \"text\": \"(did you mean 'it'?) is asked too early\", \"hint\": null}");
}

static void test_head(void **state)
{
	static const char text[] = "name: test\nactions:\n- action: empty-workspace\n"
				   "- action: empty-workspace\n  name: \"a\\\"b\"\n";
	const struct spec_options options = {.schemas = action_schemas};
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;
	struct err err = {0};
	AUTO_FREE char *wanted = NULL;
	json_t *expected;

	(void)state;
	assert_int_equal(
		spec_parse("/tmp/x.yaml", text, strlen(text), &options, &spec, &diagnostics, &err),
		0);
	assert_int_equal(diagnostics.len, 0);
	expected = json_pack("{s:i, s:s, s:s, s:s, s:I, s:[{s:i, s:s, s:s, s:i, s:i},"
			     " {s:i, s:s, s:s, s:i, s:i}]}",
			     "contractor-events", 1, "version", CONTRACTOR_VERSION, "spec",
			     spec->real_path, "name", "test", "started_ms", (json_int_t)12345,
			     "steps", "number", 1, "name", "empty-workspace", "action",
			     "empty-workspace", "line", 3, "column", 3, "number", 2, "name", "a\"b",
			     "action", "empty-workspace", "line", 4, "column", 3);
	assert_non_null(expected);
	wanted = json_dumps(expected, 0);
	expect(event_json_head(spec, "x.yaml", 12345), wanted);
	json_decref(expected);
	spec_free(spec);
	diagnostics_release(&diagnostics);
}

/* Where there is no spec, its path stands alone. */
static void test_head_without_a_spec(void **state)
{
	(void)state;
	expect(event_json_head(NULL, "x.yaml", 1),
	       "{\"contractor-events\": 1, \"version\": \"" CONTRACTOR_VERSION
	       "\", \"spec\": \"x.yaml\", \"name\": null, \"started_ms\": 1, \"steps\": []}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempt),
		cmocka_unit_test(test_small_events),
		cmocka_unit_test(test_events_with_an_attempt),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_every_type_is_told),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_diagnostics),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_head_without_a_spec),
	};

	return cmocka_run_group_tests_name("event_json", tests, NULL, NULL);
}
