/* Counts the instructions that a program runs under qemu-aarch64, by mapped file and kind.
 *
 * A plugin of qemu-user, for the first version of its interface (qemu 4.2 to 8.2). The program
 * divides its run into regions: each call of posix_fadvise(fd, MARK, region, 0), which says nothing
 * to the kernel, ends one. What ran since the mark before is written as lines of
 *     region,multiplies,vector,memory,other,file
 * to the file that the plugin's argument names.
 *
 * Exact for a program of one thread: qemu adds to a counter without a lock.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of qemu's interface, whose own header has another licence than this project. */
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*qemu_plugin_vcpu_syscall_cb_t)(qemu_plugin_id_t, unsigned int vcpu, int64_t number,
                                              uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                              uint64_t, uint64_t, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, qemu_plugin_vcpu_tb_trans_cb_t);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, qemu_plugin_vcpu_syscall_cb_t);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op,
                                              void *counter, uint64_t step);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t, const qemu_info_t *, int, char **);

enum { FADVISE64 = 223, MARK = 0xed6e }; /* the number of the call on arm64; any offset */

enum kind { MULTIPLY, VECTOR, MEMORY, OTHER, KINDS };

/* A translated block. Addresses are of qemu's own memory, where the program's files are mapped. */
struct block {
    uint64_t runs;
    uintptr_t address;
    uint32_t count[KINDS];
};

/* They stay where they are, for the translated code adds to `runs`. */
enum { CHUNK = 4096, CHUNKS = 4096, FILES = 1024, NAME = 512 };
static struct block *chunks[CHUNKS];
static size_t blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *out;

struct mapped {
    uintptr_t begin, end;
    char name[NAME];
    uint64_t count[KINDS];
};

/* Encodings of the Arm Architecture Reference Manual (DDI 0487), chapter C4. */
static enum kind kind_of(uint32_t code)
{
    /* Signed multiplications of integer vectors that widen: SMULL and SMLAL, of vectors and by
     * element, and SDOT. All int8 arithmetic of a convolution is one of these. */
    static const struct { uint32_t mask, value; } multiplies[] = {
        {0xbf20fc00, 0x0e208000}, {0xbf20fc00, 0x0e20c000}, /* vectors */
        {0xbf00f400, 0x0f002000}, {0xbf00f400, 0x0f00a000}, /* by element */
        {0xbfe0fc00, 0x0e809400}, {0xbfc0f400, 0x0f80e000}, /* SDOT */
    };
    for (size_t i = 0; i < sizeof multiplies / sizeof *multiplies; i++)
        if ((code & multiplies[i].mask) == multiplies[i].value)
            return MULTIPLY;
    if ((code >> 25 & 0x7) == 0x7)
        return VECTOR; /* and scalar floating point, which the same pipelines do */
    return (code >> 25 & 0x5) == 0x4 ? MEMORY : OTHER;
}

static void fail(const char *what)
{
    fprintf(stderr, "count_instructions: %s\n", what);
    exit(1);
}

static struct block *new_block(void)
{
    pthread_mutex_lock(&lock);
    size_t chunk = blocks / CHUNK;
    if (chunk == CHUNKS)
        fail("more translated blocks than are kept");
    if (!chunks[chunk] && !(chunks[chunk] = calloc(CHUNK, sizeof(struct block))))
        fail("no memory");
    struct block *block = &chunks[chunk][blocks++ % CHUNK];
    pthread_mutex_unlock(&lock);
    return block;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    struct block *block = new_block();
    block->address = (uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0));
    size_t count = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < count; i++) {
        uint32_t code;
        memcpy(&code, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(tb, i)), sizeof code);
        block->count[kind_of(code)]++;
    }
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->runs, 1);
}

/* Anew at each mark: a library may have been loaded since. Sorted by address, as the kernel does. */
static size_t read_maps(struct mapped *files)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        fail("/proc/self/maps cannot be read");
    char line[NAME + 128];
    size_t count = 0;
    while (fgets(line, sizeof line, maps)) {
        struct mapped *file = &files[count];
        memset(file, 0, sizeof *file);
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %511[^\n]", &file->begin,
                   &file->end, file->name) >= 2 && ++count == FILES)
            fail("more mappings than are kept");
    }
    fclose(maps);
    return count;
}

static struct mapped *find(struct mapped *files, size_t count, uintptr_t address)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (files[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* What lies nowhere is counted all the same, under the entry behind the last. */
    return low < count && files[low].begin <= address ? &files[low] : &files[count];
}

static void write_region(uint64_t region)
{
    static struct mapped files[FILES + 1];
    size_t count = read_maps(files);
    memset(&files[count], 0, sizeof files[count]);
    for (size_t i = 0; i < blocks; i++) {
        struct block *block = &chunks[i / CHUNK][i % CHUNK];
        if (!block->runs)
            continue;
        struct mapped *file = find(files, count, block->address);
        for (int kind = 0; kind < KINDS; kind++)
            file->count[kind] += block->runs * block->count[kind];
        block->runs = 0;
    }
    for (size_t i = 0; i <= count; i++) {
        const uint64_t *of = files[i].count;
        if (of[MULTIPLY] + of[VECTOR] + of[MEMORY] + of[OTHER])
            fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s\n",
                    region, of[MULTIPLY], of[VECTOR], of[MEMORY], of[OTHER], files[i].name);
    }
    fflush(out);
}

static void called(qemu_plugin_id_t id, unsigned int vcpu, int64_t number, uint64_t fd,
                   uint64_t offset, uint64_t length, uint64_t a4, uint64_t a5, uint64_t a6,
                   uint64_t a7, uint64_t a8)
{
    (void)id, (void)vcpu, (void)fd, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == FADVISE64 && offset == MARK)
        write_region(length);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    /* qemu gives "out=FILE" as it is written. */
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0 || !(out = fopen(argv[0] + 4, "w"))) {
        fprintf(stderr, "count_instructions: usage: -plugin count_instructions.so,out=FILE\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
