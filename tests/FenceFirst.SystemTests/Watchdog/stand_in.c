/* A stand-in for a watchdog driver, where the kernel has none (no module can be loaded in a container).
 *
 *     stand_in LINK LOG RESET-COMMAND PROGRAM ARGUMENT...
 *
 * Real: the character device (a pseudo terminal, LINK leads to it), its open, every byte written to it, its close, and the time.
 * Stood in for: the driver's ioctls, which are answered at the border of the system calls (seccomp user notification), and the reset,
 * which is RESET-COMMAND. No driver of the kernel takes part, so what this cannot show is that a real driver does what its manual says.
 *
 * LOG gets a line per event: "SECONDS.NANOSECONDS WORD [NUMBER]": armed, timeout N, fed, disarmed, closed, reset.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SET_TIMEOUT 0xc0045706u
#define GET_TIMEOUT 0x80045707u

static FILE *log_file;
static char device[64];
static int timeout_s = 60;
static int armed, open_now;
static double fed;

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void note(const char *what, int number)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    fprintf(log_file, number < 0 ? "%ld.%09ld %s\n" : "%ld.%09ld %s %d\n", (long)time.tv_sec, time.tv_nsec, what, number);
    fflush(log_file);
}

/* A driver is armed by its open; the first that is seen here of an open device is its first ioctl or byte. */
static void arm(void)
{
    if (!armed)
        note("armed", -1);
    armed = open_now = 1;
    fed = now(CLOCK_BOOTTIME);
}

static void fail(const char *what)
{
    perror(what);
    exit(99);
}

static int send_descriptor(int over, int descriptor)
{
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    return sendmsg(over, &message, 0) == 1 ? 0 : -1;
}

static int receive_descriptor(int over)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int descriptor;
    if (recvmsg(over, &message, 0) != 1)
        fail("recvmsg");
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return descriptor;
}

/* Hands the two ioctls of this program, and of all that it starts, to whoever holds the descriptor. */
static int install_filter(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SET_TIMEOUT, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GET_TIMEOUT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("no_new_privs");
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void answer(int listener)
{
    struct seccomp_notif request;
    struct seccomp_notif_resp response = {0};
    char link[64], target[256];
    memset(&request, 0, sizeof request);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
        return;
    response.id = request.id;
    snprintf(link, sizeof link, "/proc/%u/fd/%d", request.pid, (int)request.data.args[0]);
    ssize_t length = readlink(link, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    if (strcmp(target, device) != 0) {
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
        int value = timeout_s;
        struct iovec mine = {&value, sizeof value}, theirs = {(void *)request.data.args[2], sizeof value};
        if ((unsigned)request.data.args[1] == SET_TIMEOUT) {
            process_vm_readv(request.pid, &mine, 1, &theirs, 1, 0);
            if (value < 1 || value > 600) {
                response.error = -EINVAL;
            } else {
                timeout_s = value;
                arm();
                note("timeout", value);
            }
        }
        process_vm_writev(request.pid, &mine, 1, &theirs, 1, 0);
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void serve(int master, int listener, const char *reset)
{
    int magic = 0, gone = 0;
    while (!gone || armed) {
        struct pollfd polled[] = {{.fd = master, .events = POLLIN}, {.fd = gone ? -1 : listener, .events = POLLIN}};
        /* A terminal without a user hangs up all the time: then only the clock wakes us. */
        if (!open_now)
            polled[0].fd = -1;
        poll(polled, 2, 5);
        if (polled[1].revents & POLLIN)
            answer(listener);
        if (polled[1].revents & POLLHUP)
            gone = 1;
        char bytes[256];
        ssize_t length = read(master, bytes, sizeof bytes);
        if (length > 0) {
            arm();
            for (ssize_t i = 0; i < length; i++) {
                magic = bytes[i] == 'V';
                note(magic ? "magic" : "fed", -1);
            }
        } else if (length < 0 && errno == EIO && open_now) {
            open_now = 0;
            armed = armed && !magic;
            note(armed ? "closed" : "disarmed", -1);
            if (!armed)
                timeout_s = 60;
        }
        if (armed && now(CLOCK_BOOTTIME) - fed > timeout_s) {
            note("reset", -1);
            if (system(reset) != 0)
                note("reset-failed", -1);
            return;
        }
    }
}

int main(int count, char **words)
{
    if (count < 5) {
        fprintf(stderr, "usage: stand_in LINK LOG RESET-COMMAND PROGRAM ARGUMENT...\n");
        return 99;
    }
    int pair[2], master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, device, sizeof device) != 0)
        fail("pseudo terminal");
    /* Raw, so that every byte arrives as it was written. The settings stay when the last user closes it. */
    struct termios settings;
    int slave = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    tcgetattr(slave, &settings);
    cfmakeraw(&settings);
    tcsetattr(slave, TCSANOW, &settings);
    unlink(words[1]);
    log_file = fopen(words[2], "ae");
    if (symlink(device, words[1]) != 0 || log_file == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        fail("setup");
    /* Whoever started us is not on the node. */
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)getppid());
    int outside = open(path, O_RDONLY | O_CLOEXEC);
    if (fork() == 0) {
        close(pair[0]);
        close(slave);
        /* Out of the node that will be reset, and out of the way of its signals. */
        if (setns(outside, CLONE_NEWNET) != 0 || setsid() < 0)
            fail("leaving the node");
        close(0);
        close(1);
        close(2);
        int listener = receive_descriptor(pair[1]);
        write(pair[1], "", 1);
        serve(master, listener, words[3]);
        return 0;
    }
    close(slave);
    close(pair[1]);
    close(master);
    int listener = install_filter();
    char byte;
    if (listener < 0 || send_descriptor(pair[0], listener) != 0 || read(pair[0], &byte, 1) != 1)
        fail("seccomp");
    close(listener);
    close(pair[0]);
    execv(words[4], words + 4);
    fail(words[4]);
}
