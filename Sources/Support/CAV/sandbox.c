// The media tool's sandbox: it limits what a hostile file can do after it has taken over the decoder. Every system call that
// is not listed fails with EPERM, an error that libav handles. A system call of a foreign architecture kills the process.
#define _GNU_SOURCE
#include "CAV.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "The sandbox knows the system calls of x86_64 and aarch64 only."
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS_EQUAL_SKIP(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define UNLESS_BITS_SKIP(bits, count) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (count))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE ANSWER(SECCOMP_RET_ERRNO | EPERM)
#define ALLOW_CALL(number) UNLESS_EQUAL_SKIP(number, 1), ANSWER(SECCOMP_RET_ALLOW)
// Allows memory, but never executable memory. The filter compares the low word of an argument, which has the PROT_ bits.
#define ALLOW_WITHOUT_EXECUTION(number) \
    UNLESS_EQUAL_SKIP(number, 4), LOAD(args[2]), UNLESS_BITS_SKIP(PROT_EXEC, 1), REFUSE, ANSWER(SECCOMP_RET_ALLOW)

static int install_filter(void) {
    const unsigned int self = (unsigned int)getpid();
    struct sock_filter rules[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        ALLOW_CALL(__NR_pread64),
        ALLOW_CALL(__NR_write),
        ALLOW_CALL(__NR_brk),
        ALLOW_CALL(__NR_munmap),
        ALLOW_CALL(__NR_mremap),
        ALLOW_CALL(__NR_madvise),
        ALLOW_CALL(__NR_futex),
        ALLOW_CALL(__NR_clock_gettime),
        ALLOW_CALL(__NR_getrandom),
        ALLOW_CALL(__NR_rt_sigprocmask),
        ALLOW_CALL(__NR_rt_sigaction),
        ALLOW_CALL(__NR_rt_sigreturn),
        ALLOW_CALL(__NR_restart_syscall),
        ALLOW_CALL(__NR_getpid),
        ALLOW_CALL(__NR_gettid),
        ALLOW_CALL(__NR_exit),
        ALLOW_CALL(__NR_exit_group),
        ALLOW_WITHOUT_EXECUTION(__NR_mmap),
        ALLOW_WITHOUT_EXECUTION(__NR_mprotect),
        // `abort` signals its own process.
        UNLESS_EQUAL_SKIP(__NR_tgkill, 3),
        LOAD(args[0]),
        UNLESS_EQUAL_SKIP(self, 1),
        ANSWER(SECCOMP_RET_ALLOW),
        REFUSE,
    };
    struct sock_fprog program = {.len = sizeof rules / sizeof rules[0], .filter = rules};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

static int limit(int resource, rlim_t soft, rlim_t hard) {
    struct rlimit wanted = {.rlim_cur = soft, .rlim_max = hard};
    struct rlimit current;
    if (getrlimit(resource, &current) != 0) {
        return errno;
    }
    // An unprivileged process may only lower its limits.
    if (wanted.rlim_max > current.rlim_max) {
        wanted.rlim_max = current.rlim_max;
    }
    if (wanted.rlim_cur > wanted.rlim_max) {
        wanted.rlim_cur = wanted.rlim_max;
    }
    return setrlimit(resource, &wanted) == 0 ? 0 : errno;
}

static void close_descriptors(unsigned int first) {
    if (syscall(__NR_close_range, first, ~0U, 0) == 0) {
        return;
    }
    // Kernels before 5.9.
    struct rlimit open_files;
    rlim_t end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &open_files) == 0 && open_files.rlim_cur < end) {
        end = open_files.rlim_cur;
    }
    for (rlim_t descriptor = first; descriptor < end; descriptor++) {
        close((int)descriptor);
    }
}

#define STEP(name, call)                   \
    do {                                   \
        int step_error = (call);           \
        if (step_error != 0) {             \
            outcome->failed_step = (name); \
            return step_error;             \
        }                                  \
    } while (0)

int verbatim_sandbox_enter(
    struct verbatim_sandbox_limits limits, unsigned int first_closed_descriptor,
    struct verbatim_sandbox_outcome *outcome) {
    outcome->failed_step = NULL;
    close_descriptors(first_closed_descriptor);

    // A new user namespace, if the kernel allows one, also takes root's privileges away. It is fine if the kernel does not
    // allow it, because the filter below refuses every socket anyway.
    outcome->own_network = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || unshare(CLONE_NEWNET) == 0;

    // SIGXCPU comes first, and SIGKILL one second later if something blocks it.
    STEP("RLIMIT_CPU", limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1));
    STEP("RLIMIT_AS", limit(RLIMIT_AS, limits.address_space_bytes, limits.address_space_bytes));
    STEP("RLIMIT_FSIZE", limit(RLIMIT_FSIZE, 0, 0));
    STEP("RLIMIT_NOFILE", limit(RLIMIT_NOFILE, 0, 0));
    STEP("RLIMIT_NPROC", limit(RLIMIT_NPROC, 0, 0));
    STEP("RLIMIT_CORE", limit(RLIMIT_CORE, 0, 0));

    // After `unshare`, which clears it.
    STEP("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : errno);
    STEP("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0) == 0 ? 0 : errno);
    STEP("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno);
    STEP("PR_SET_SECCOMP", install_filter());
    return 0;
}

static bool refused(long result) {
    return result < 0 && errno == EPERM;
}

bool verbatim_sandbox_refuses_open(void) {
    return refused(open("/dev/null", O_RDONLY | O_CLOEXEC)) && refused(open("/dev/null", O_WRONLY | O_CLOEXEC));
}

bool verbatim_sandbox_refuses_socket(void) {
    return refused(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) && refused(socket(AF_UNIX, SOCK_STREAM, 0));
}

bool verbatim_sandbox_refuses_execution(void) {
    char *const arguments[] = {"true", NULL};
    char *const environment[] = {NULL};
    return refused(execve("/bin/true", arguments, environment));
}

bool verbatim_sandbox_refuses_new_process(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    if (child > 0) {
        (void)waitpid(child, NULL, 0);
    }
    return refused(child);
}

bool verbatim_sandbox_refuses_signals(void) {
    return refused(kill(getppid(), 0)) && refused(syscall(__NR_tgkill, getppid(), getppid(), 0));
}

bool verbatim_sandbox_refuses_executable_memory(void) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return errno == EPERM;
    }
    (void)munmap(memory, 4096);
    return false;
}
