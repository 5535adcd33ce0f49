#include "engine/actions/reach.h"

#include <string.h>
#include <strings.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

/* curl takes http_proxy in small letters only. */
const char *const reach_proxy_names[] = {
	"http_proxy",  "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
	"HTTPS_PROXY", "FTP_PROXY",   "ALL_PROXY", "NO_PROXY",	NULL,
};

/* A host's name or number, without what is around it in an address. */
static char *host_of(const char *address)
{
	const char *scheme = strstr(address, "://"), *host = scheme ? scheme + 3 : address, *at;
	size_t length = strcspn(host, "/?#");

	at = memrchr(host, '@', length);
	if (at) {
		length -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	if (*host == '[')
		return mem_strndup(host + 1, strcspn(host + 1, "]"));
	at = memchr(host, ':', length);
	/* Of two colons none is in front of a port: an IPv6 address. */
	if (at && !memchr(at + 1, ':', length - (size_t)(at + 1 - host)))
		length = (size_t)(at - host);
	return mem_strndup(host, length);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcasecmp(text + length - end_length, end);
}

static bool is_loopback_host(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "0.0.0.0") || !strcmp(host, "::1") ||
	       !strncasecmp(host, "::ffff:127.", 11) || !strcasecmp(host, "localhost") ||
	       ends_with(host, ".localhost");
}

bool reach_is_loopback(const char *address)
{
	AUTO_FREE char *host = host_of(address);

	return is_loopback_host(host);
}

/* The address that a line of resolv.conf names, or NULL. Free with free(). */
static char *resolver_of(const char *line, size_t length)
{
	static const char word[] = "nameserver";
	const char *end = line + length, *start = line + strlen(word);

	if (length <= strlen(word) || strncmp(line, word, strlen(word)) != 0 ||
	    !strchr(" \t", *start))
		return NULL;
	while (start < end && strchr(" \t", *start))
		start++;
	return mem_strndup(start, strcspn(start, " \t\r\n"));
}

/* Adds a line; for a resolver that is out of reach the stack's own, once. The first that has an IPv4 address
 * is the one that pasta(1) asks, whose answers all seem to come from the stack's own then. */
static void add_line(struct buf *out, const char *line, size_t length, enum stack stack,
		     bool *has_own)
{
	AUTO_FREE char *resolver = resolver_of(line, length);
	/* slirp4netns carries no IPv6 unless it is asked to, which it calls experimental. */
	bool is_ipv6 = resolver && strchr(resolver, ':');
	bool is_lost = resolver && (is_loopback_host(resolver) || (!is_ipv6 && !*has_own) ||
				    (is_ipv6 && stack == STACK_SLIRP4NETNS));

	if (!is_lost)
		buf_add(out, line, length);
	else if (!*has_own)
		buf_add_fmt(out, "nameserver %s\n", stack_resolver(stack));
	*has_own |= is_lost;
}

char *reach_resolv_conf(const char *text, enum stack stack)
{
	struct buf out = BUF_INIT;
	bool has_own = false, has_any = false;

	if (!stack_resolver(stack))
		return mem_strdup(text);
	while (*text) {
		size_t length = strcspn(text, "\n");
		AUTO_FREE char *resolver = resolver_of(text, length);

		has_any |= resolver != NULL;
		length += text[length] == '\n';
		add_line(&out, text, length, stack, &has_own);
		text += length;
	}
	if (!has_any && out.len && out.data[out.len - 1] != '\n')
		buf_add_char(&out, '\n');
	if (!has_any)
		buf_add_fmt(&out, "nameserver %s\n", stack_resolver(stack));
	return buf_detach(&out);
}

static int out_of_reach(const char *what, const char *address, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(address);

	return err_set(err, ERR_HOST,
		       "%s is %s, on this host's loopback, which a step with a network stack of "
		       "its own cannot reach: name it by an address of the host's network, or give "
		       "the step the host's with --network-stack host",
		       what, shown);
}

int reach_check(const struct sandbox_policy *policy, const char *address, struct err *err)
{
	if (policy->unshare_network || !stack_is_private(policy->stack))
		return 0;
	if (policy->stack == STACK_MISSING)
		return stack_missing(err);
	for (const char *const *name = reach_proxy_names; *name; name++) {
		const char *proxy = strv_getenv(&policy->environment, *name);

		if (proxy && strcasecmp(*name, "no_proxy") != 0 && reach_is_loopback(proxy))
			return out_of_reach(*name, proxy, err);
	}
	if (address && reach_is_loopback(address))
		return out_of_reach("the server", address, err);
	return 0;
}
