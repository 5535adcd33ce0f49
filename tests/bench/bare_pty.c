/* bare_pty.c: runs COMMAND on a pty without output processing and copies what it prints to standard
 * output, as fast as the kernel gives it, and then, as contractor does, brings it to the disk.
 *
 *	bare_pty COMMAND... */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { READ_SIZE = 65536 };

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Both ends of a new pty; ONLCR stays, without OPOST it changes nothing. */
static void open_pty(int *ret_master, int *ret_slave)
{
	struct termios modes;

	*ret_master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_master < 0 || grantpt(*ret_master) < 0 || unlockpt(*ret_master) < 0)
		die("bare_pty: pty");
	*ret_slave = open(ptsname(*ret_master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_slave < 0 || tcgetattr(*ret_slave, &modes) < 0)
		die("bare_pty: pty");
	modes.c_oflag &= ~(tcflag_t)OPOST;
	if (tcsetattr(*ret_slave, TCSANOW, &modes) < 0)
		die("bare_pty: tcsetattr");
}

static void write_all(const char *bytes, size_t length)
{
	while (length) {
		ssize_t written = write(STDOUT_FILENO, bytes, length);

		if (written < 0)
			die("bare_pty: write");
		bytes += written;
		length -= (size_t)written;
	}
}

static _Noreturn void be_command(int slave, char **argv)
{
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		die("bare_pty: session");
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	execvp(argv[0], argv);
	die(argv[0]);
}

int main(int argc, char **argv)
{
	static char bytes[READ_SIZE];
	int master, slave, status;
	ssize_t got;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: bare_pty COMMAND...\n");
		return 2;
	}
	open_pty(&master, &slave);
	pid = fork();
	if (pid == 0)
		be_command(slave, argv + 1);
	close(slave);
	while ((got = read(master, bytes, sizeof bytes)) > 0)
		write_all(bytes, (size_t)got);
	if (syncfs(STDOUT_FILENO) < 0)
		die("bare_pty: sync");
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}
