/* spec_load(): real files, and what is no file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "tests/unit/spec_fixture.h"

static const char good[] = "name: x\nactions:\n- action: empty-workspace\n";

static int enter_directory(void **state)
{
	char *directory = mem_strdup("/tmp/test_spec_load-XXXXXX");

	*state = directory;
	return mkdtemp(directory) && !chdir(directory) ? 0 : -1;
}

static int leave_directory(void **state)
{
	AUTO_FREE char *directory = *state;
	struct err err;

	return chdir("/") || path_remove_tree(-1, directory, &err);
}

static void write_file(const char *path, const char *text, size_t length)
{
	AUTO_FCLOSE FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
}

static int load(const char *path, struct spec **ret_spec, struct err *err)
{
	struct spec_options options = {.schemas = fixture_schemas};
	struct diagnostics diagnostics = {0};
	int result = spec_load(path, &options, ret_spec, &diagnostics, err);

	assert_int_equal(diagnostics.len, 0);
	diagnostics_release(&diagnostics);
	return result;
}

static void expect_failure(const char *path, enum err_code code, const char *text)
{
	struct err err = {0};
	struct spec *spec = NULL;

	assert_int_equal(load(path, &spec, &err), -1);
	assert_null(spec);
	assert_int_equal(err.code, code);
	assert_string_equal(err.text, text);
}

static void test_file(void **state)
{
	struct err err;
	struct spec *spec;
	AUTO_FREE char *real = realpath(*state, NULL);
	AUTO_FREE char *file = path_join(real, "dir/spec.yaml");
	AUTO_FREE char *directory = path_join(real, "dir");

	assert_int_equal(mkdir("dir", 0777), 0);
	write_file("dir/spec.yaml", good, sizeof good - 1);
	assert_int_equal(symlink("dir/spec.yaml", "link"), 0);
	assert_int_equal(load("link", &spec, &err), 0);
	assert_string_equal(spec->path, "link");
	assert_string_equal(spec->real_path, file);
	assert_string_equal(spec->directory, directory);
	assert_string_equal(spec->text.data, good);
	assert_int_equal(spec->n_steps, 1);
	spec_free(spec);
}

static void test_no_regular_files(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(mkfifo("fifo", 0666), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	expect_failure("fifo", ERR_USAGE, "cannot read fifo: it is a FIFO, not a file");
	expect_failure(".", ERR_USAGE, "cannot read .: it is a directory, not a file");
	expect_failure("/dev/zero", ERR_USAGE, "cannot read /dev/zero: it is a device, not a file");
	expect_failure("socket", ERR_USAGE, "cannot read socket: not a regular file");
	expect_failure("no\x1bne", ERR_NOT_FOUND, "cannot read no\\x1bne: there is no such file");
}

static void test_size(void **state)
{
	AUTO_FREE char *text = mem_new(SPEC_SIZE_MAX + 2);
	struct err err;
	struct spec *spec;

	(void)state;
	memset(text, '#', SPEC_SIZE_MAX + 1);
	memcpy(text, good, sizeof good - 1);
	write_file("large", text, SPEC_SIZE_MAX);
	assert_int_equal(load("large", &spec, &err), 0);
	spec_free(spec);
	write_file("large", text, SPEC_SIZE_MAX + 1);
	expect_failure("large", ERR_USAGE, "large is larger than 1048576 bytes");
}

static void test_size_of_bytes(void **state)
{
	AUTO_FREE char *text = mem_new(SPEC_SIZE_MAX + 1);
	struct spec_options options = {.schemas = fixture_schemas};
	struct diagnostics diagnostics = {0};
	struct spec *spec;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		spec_parse("\x1b", text, SPEC_SIZE_MAX + 1, &options, &spec, &diagnostics, &err),
		-1);
	assert_string_equal(err.text, "\\x1b is larger than 1048576 bytes");
}

static void test_paths_of_bytes(void **state)
{
	struct spec_options options = {.schemas = fixture_schemas};
	struct diagnostics diagnostics = {0};
	struct spec *spec;
	struct err err;

	(void)state;
	assert_int_equal(spec_parse("/tmp/../nowhere.yaml", good, sizeof good - 1, &options, &spec,
				    &diagnostics, &err),
			 0);
	assert_string_equal(spec->directory, "/");
	assert_string_equal(spec->real_path, "/nowhere.yaml");
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),	       cmocka_unit_test(test_no_regular_files),
		cmocka_unit_test(test_size),	       cmocka_unit_test(test_size_of_bytes),
		cmocka_unit_test(test_paths_of_bytes),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
