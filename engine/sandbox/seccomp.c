#include "engine/sandbox/seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/seccomp_internal.h"

/* Decide by a binary search: 400 rules in a row would be felt at each call, and more at loading. */
enum { OPTIMIZE_TREE = 2, PROGRAM_SIZE_MAX = 4096 * sizeof(struct sock_filter) };

void seccomp_cache_init(struct seccomp_cache *cache)
{
	for (int i = 0; i < SECCOMP_CALLS_VARIANTS; i++)
		buf_init(&cache->calls[i]);
	buf_init(&cache->arguments);
}

void seccomp_cache_release(struct seccomp_cache *cache)
{
	for (int i = 0; i < SECCOMP_CALLS_VARIANTS; i++)
		buf_release(&cache->calls[i]);
	buf_release(&cache->arguments);
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}
#define AUTO_FILTER __attribute__((cleanup(release_filter)))

/* libseccomp answers with a negative errno. */
static int fail(int number, const char *what, struct err *err)
{
	errno = -number;
	return err_sys(err, "libseccomp refused %s", what);
}

/* A filter for this architecture alone. */
static int new_filter(uint32_t action, scmp_filter_ctx *ret_filter, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(action);
	int result;

	if (!filter)
		return err_set(err, ERR_FAULT, "libseccomp made no filter");
	result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	if (result < 0) {
		seccomp_release(filter);
		return fail(result, "an attribute", err);
	}
	*ret_filter = filter;
	return 0;
}

/* The filter as the kernel wants it; libseccomp only writes to descriptors. */
static int export_filter(scmp_filter_ctx filter, struct buf *ret_program, struct err *err)
{
	AUTO_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
	int result;

	if (fd < 0)
		return err_sys(err, "cannot make a memory file");
	result = seccomp_export_bpf(filter, fd);
	if (result < 0)
		return fail(result, "to export the filter", err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read the filter");
	return buf_read_fd(ret_program, fd, PROGRAM_SIZE_MAX, "the filter", err);
}

/* Adds a rule for a call, with a condition if there is one; names of other architectures have no
 * number here. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name,
		    const struct scmp_arg_cmp *condition, struct err *err)
{
	int number = seccomp_syscall_resolve_name(name), result;

	if (number < 0)
		return 0;
	result = seccomp_rule_add_array(filter, action, number, condition ? 1 : 0, condition);
	return result < 0 ? fail(result, name, err) : 0;
}

static int allow_names(scmp_filter_ctx filter, struct err *err)
{
	for (const char *const *name = seccomp_allowed; *name; name++) {
		if (add_rule(filter, SCMP_ACT_ALLOW, *name, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int allow_numbers(scmp_filter_ctx filter, struct err *err)
{
	for (const struct seccomp_number *call = seccomp_allowed_numbers; call->name; call++) {
		int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call->number, 0);

		if (result < 0)
			return fail(result, call->name, err);
	}
	return 0;
}

static int allow_personalities(scmp_filter_ctx filter, struct err *err)
{
	for (size_t i = 0; i < seccomp_n_personalities; i++) {
		struct scmp_arg_cmp is_it =
			SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, seccomp_personalities[i]);

		if (add_rule(filter, SCMP_ACT_ALLOW, "personality", &is_it, err) < 0)
			return -1;
	}
	return 0;
}

static int refuse_names(scmp_filter_ctx filter, struct err *err)
{
	for (const struct seccomp_refusal *call = seccomp_refused; call->name; call++) {
		uint32_t action = SCMP_ACT_ERRNO((uint32_t)call->error);

		/* libseccomp refuses a rule that says what the default does. */
		if (call->error != ENOSYS && add_rule(filter, action, call->name, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int build_calls(bool with_chroot, struct buf *ret_program, struct err *err)
{
	AUTO_FILTER scmp_filter_ctx filter = NULL;
	uint32_t chroot_action = with_chroot ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM);

	if (new_filter(SCMP_ACT_ERRNO(ENOSYS), &filter, err) < 0 || allow_names(filter, err) < 0 ||
	    allow_numbers(filter, err) < 0 || allow_personalities(filter, err) < 0 ||
	    refuse_names(filter, err) < 0 ||
	    add_rule(filter, chroot_action, "chroot", NULL, err) < 0)
		return -1;
	return export_filter(filter, ret_program, err);
}

static int build_arguments(struct buf *ret_program, struct err *err)
{
	const struct seccomp_argument_rule *rule = seccomp_argument_rules;
	AUTO_FILTER scmp_filter_ctx filter = NULL;

	if (new_filter(SCMP_ACT_ALLOW, &filter, err) < 0)
		return -1;
	for (; rule->name; rule++) {
		struct scmp_arg_cmp condition = {
			.arg = rule->argument,
			.op = rule->mask ? SCMP_CMP_MASKED_EQ : SCMP_CMP_GT,
			.datum_a = rule->mask ? rule->mask : rule->value,
			.datum_b = rule->value,
		};

		if (add_rule(filter, SCMP_ACT_ERRNO((uint32_t)rule->error), rule->name, &condition,
			     err) < 0)
			return -1;
	}
	return export_filter(filter, ret_program, err);
}

int seccomp_cache_get(struct seccomp_cache *cache, uint64_t capabilities,
		      const struct buf **ret_calls, const struct buf **ret_arguments,
		      struct err *err)
{
	bool with_chroot = capabilities >> CAP_SYS_CHROOT & 1;
	struct buf *calls = &cache->calls[with_chroot];

	if (!calls->len && build_calls(with_chroot, calls, err) < 0)
		return -1;
	if (!cache->arguments.len && build_arguments(&cache->arguments, err) < 0)
		return -1;
	*ret_calls = calls;
	*ret_arguments = &cache->arguments;
	return 0;
}
