/* init_network.c: a network namespace with nothing but loopback. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/init_internal.h"

/* Brings the loopback interface of this network namespace up. */
static int raise_loopback(struct err *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_sys(err, "cannot bring up the loopback interface");
	return 0;
}

/* Any port may be listened on: the namespace belongs to the outer user namespace, so
 * CAP_NET_BIND_SERVICE of the inner one has no effect. */
static void free_low_ports(void)
{
	AUTO_CLOSE int fd = open(INIT_DIR "/proc/sys/net/ipv4/ip_unprivileged_port_start",
				 O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "0", 1) < 0)
		return;
}

int init_cut_network(struct err *err)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(err, "cannot make a network namespace");
	if (raise_loopback(err) < 0)
		return -1;
	free_low_ports();
	return 0;
}
