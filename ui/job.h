/* job.h: ^Z, as a shell that controls jobs expects it of a program that has taken SIGTSTP.
 *
 * Whoever has changed the terminal gives it back before job_stop(), and takes it again afterwards.
 */
#ifndef UI_JOB_H
#define UI_JOB_H

/* Stops this process, and those that the shell has started as one job with it, until the job is continued
 * in the foreground: only then the terminal is the job's. Where no shell controls jobs, nobody could
 * continue them, and it returns at once. */
void job_stop(void);

#endif
