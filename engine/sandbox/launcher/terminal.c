/* terminal.c: the step's own terminal, opened inside so that it has a name there. */
#include "engine/sandbox/launcher/launcher.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static void fail(const char *what) __attribute__((noreturn));
static void fail(const char *what)
{
	launch_fail(LAUNCH_EXIT_SETUP, "cannot open a terminal in the sandbox: ", what, ": ",
		    launch_why(), NULL);
}

/* Both ends of a new pty; the slave by its master, not by a name that could be another's. */
static void open_pair(int *ret_master, int *ret_slave)
{
	int unlock = 0;

	*ret_master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_master < 0)
		fail("/dev/ptmx");
	if (ioctl(*ret_master, TIOCSPTLCK, &unlock) < 0)
		fail("TIOCSPTLCK");
	*ret_slave = ioctl(*ret_master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_slave < 0)
		fail("TIOCGPTPEER");
}

/* Size and modes. Without OPOST the output is what the program wrote; ONLCR then only tells
 * the reader that a line feed is meant as a new line. */
static void set_modes(int slave, const struct launch_plan *plan)
{
	struct winsize size = {.ws_col = (unsigned short)plan->columns,
			       .ws_row = (unsigned short)plan->rows};
	struct termios modes;

	if (ioctl(slave, TIOCSWINSZ, &size) < 0)
		fail("TIOCSWINSZ");
	if (tcgetattr(slave, &modes) < 0)
		fail("tcgetattr");
	modes.c_oflag |= OPOST | ONLCR;
	if (strcmp(plan->terminal, "interactive"))
		modes.c_oflag &= ~(tcflag_t)OPOST;
	modes.c_iflag |= IUTF8;
	modes.c_cc[VERASE] = 0x7f;
	if (tcsetattr(slave, TCSANOW, &modes) < 0)
		fail("tcsetattr");
}

static void send_master(int master)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char type = 'P';
	struct iovec body = {&type, 1};
	struct msghdr message = {.msg_iov = &body,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes};
	struct cmsghdr *item = CMSG_FIRSTHDR(&message);

	item->cmsg_level = SOL_SOCKET;
	item->cmsg_type = SCM_RIGHTS;
	item->cmsg_len = CMSG_LEN(sizeof master);
	memcpy(CMSG_DATA(item), &master, sizeof master);
	if (sendmsg(LAUNCH_FD_CONTROL, &message, MSG_NOSIGNAL) < 0)
		fail("cannot hand over the master");
}

void launch_open_terminal(const struct launch_plan *plan, const struct launch_user *user)
{
	int master, slave;

	open_pair(&master, &slave);
	set_modes(slave, plan);
	if (fchown(slave, user->uid, (gid_t)-1) < 0)
		fail("cannot give it to the user (is its id mapped?)");
	if (plan->session && ioctl(slave, TIOCSCTTY, 0) < 0)
		fail("TIOCSCTTY");
	send_master(master);
	close(master);
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(slave, fd) < 0)
			fail("dup2");
	}
	if (slave > 2)
		close(slave);
}
