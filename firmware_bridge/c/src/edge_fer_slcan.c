#include "edge_fer_slcan.h"

#include <string.h>

enum {
    CARRIAGE_RETURN = 0x0D,
    LINE_FEED = 0x0A, /* by some adapters behind the carriage return, or in its place */
    BELL = 0x07, /* an adapter's reply to a command that it refuses; has no carriage return */
    FRAME_START = 't',
    EXTENDED_START = 'T',
    HEADER_LENGTH = 5, /* the `t`, the id and the length */
    EXTENDED_HEADER_LENGTH = 10,
    SHORT_STAMP = 4,   /* digits of a time-stamp in milliseconds */
    LONG_STAMP = 8     /* and of one in microseconds */
};

/* Returns the value of a hex digit, 16 for any other byte. */
static uint8_t hex_value(uint8_t byte)
{
    uint8_t lower;

    if (byte >= '0' && byte <= '9') {
        return (uint8_t)(byte - '0');
    }
    lower = (uint8_t)(byte | 0x20U);
    if (lower >= 'a' && lower <= 'f') {
        return (uint8_t)(lower - 'a' + 10);
    }
    return 16;
}

static bool is_hex(const uint8_t *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (hex_value(text[i]) > 15) {
            return false;
        }
    }
    return true;
}

static bool is_alphanumeric(const uint8_t *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const uint8_t lower = text[i] | 0x20;

        if (hex_value(text[i]) > 9 && (lower < 'a' || lower > 'z')) {
            return false;
        }
    }
    return true;
}

static bool is_one_of(uint8_t byte, const char *choices)
{
    /* strchr would find the zero at the end, too. */
    return memchr(choices, byte, strlen(choices)) != NULL;
}

static bool is_remote(const uint8_t *line, size_t length, size_t id_digits, uint8_t highest)
{
    const size_t header = id_digits + 2;

    return (length == header || length == header + SHORT_STAMP || length == header + LONG_STAMP) &&
           is_hex(&line[1], length - 1) && hex_value(line[1]) <= highest &&
           hex_value(line[id_digits + 1]) <= EDGE_FER_MAX_LENGTH;
}

/* Legal sentences of the Lawicel CANUSB manual, and of its successors with CAN FD. */
static bool is_not_for_us(const uint8_t *line, size_t length)
{
    if (length == 1) {
        return is_one_of(line[0], "zZCOLVvNFEQ"); /* replies and commands without a value */
    }
    if (length == 2 && is_one_of(line[0], "SYZXAUQ")) {
        return hex_value(line[1]) <= 9; /* rate, time-stamps, polling */
    }
    switch (line[0]) {
    case 'V':
    case 'v':
    case 'N':
    case 'F': /* version, serial number, status: the replies */
        return length <= 9 && is_alphanumeric(&line[1], length - 1);
    case 's': /* bit timing */
        return length >= 5 && length <= 7 && is_hex(&line[1], length - 1);
    case 'M':
    case 'm':
    case 'W': /* filters */
        return length <= 9 && is_hex(&line[1], length - 1);
    case 'r':
        return is_remote(line, length, 3, 7);
    case 'R':
        return is_remote(line, length, 8, 1);
    default:
        return false;
    }
}

/* `t` or `T`, the id, a length, as many pairs of digits, and perhaps a time-stamp. */
static bool parse_line(const uint8_t *line, size_t length, edge_fer_frame *frame)
{
    const bool is_extended = length > 0 && line[0] == EXTENDED_START;
    const size_t header = is_extended ? EXTENDED_HEADER_LENGTH : HEADER_LENGTH;
    uint32_t id = 0;
    uint8_t data_length;
    size_t end;

    if (length < header || (line[0] != FRAME_START && !is_extended) ||
        !is_hex(&line[1], length - 1)) {
        return false;
    }
    for (size_t i = 1; i + 1 < header; i++) {
        id = (id << 4) | hex_value(line[i]);
    }
    data_length = hex_value(line[header - 1]);
    if (id > (is_extended ? EDGE_FER_MAX_EXTENDED_ID : (uint32_t)EDGE_FER_MAX_ID) ||
        data_length > EDGE_FER_MAX_LENGTH) {
        return false;
    }
    end = header + 2U * (size_t)data_length;
    if (length != end && length != end + SHORT_STAMP && length != end + LONG_STAMP) {
        return false;
    }
    frame->id = is_extended ? id | EDGE_FER_EXTENDED_ID : id;
    frame->length = data_length;
    (void)memset(frame->data, 0, sizeof frame->data);
    for (size_t i = 0; i < data_length; i++) {
        const uint8_t *digits = &line[header + 2 * i];

        frame->data[i] = (uint8_t)((hex_value(digits[0]) << 4) | hex_value(digits[1]));
    }
    return true;
}

/* Whether the whole line is one of an FD frame. */
static bool is_fd(const edge_fer_slcan_parser *parser)
{
    return is_one_of(parser->first, "dDbB") && parser->is_hex && parser->pending >= HEADER_LENGTH &&
           parser->pending <= EDGE_FER_SLCAN_MAX_LONG_LINE;
}

/* Whether the whole line is text, and not what is left of a damaged frame. */
static bool is_foreign(const edge_fer_slcan_parser *parser)
{
    if (!parser->is_text || parser->pending > EDGE_FER_SLCAN_MAX_LONG_LINE ||
        parser->first == FRAME_START) {
        return false;
    }
    return !parser->is_hex || (hex_value(parser->first) > 15 && !is_one_of(parser->first, "TrR"));
}

static void begin_line(edge_fer_slcan_parser *parser)
{
    parser->pending = 0;
    parser->length = 0;
    parser->is_overlong = false;
    parser->is_text = true;
    parser->is_hex = true;
}

static bool end_line(edge_fer_slcan_parser *parser, uint8_t end, edge_fer_frame *frame)
{
    const uint32_t lost = parser->pending - parser->length;
    const bool is_frame = !parser->is_overlong && parse_line(parser->line, parser->length, frame);

    if (is_frame) {
        parser->frames++;
        parser->rejected_lines += lost > 0 ? 1U : 0U;
        parser->rejected_bytes += lost;
    } else if (parser->pending == 0) {
        /* The line feed behind a carriage return is no line. */
        parser->ignored_lines += end == CARRIAGE_RETURN ? 1U : 0U;
    } else if ((lost == 0 && is_not_for_us(parser->line, parser->length)) || is_fd(parser)) {
        parser->ignored_lines++;
    } else if (is_foreign(parser)) {
        parser->foreign_lines++;
        parser->foreign_bytes += parser->pending + 1U;
    } else {
        parser->rejected_lines++;
        parser->rejected_bytes += parser->pending + 1U;
    }
    begin_line(parser);
    return is_frame;
}

static void add_byte(edge_fer_slcan_parser *parser, uint8_t byte)
{
    if (parser->pending == 0) {
        parser->first = byte;
    } else if (hex_value(byte) > 15) {
        parser->is_hex = false;
    } else {
        /* A digit, as before. */
    }
    if ((byte < ' ' && byte != '\t') || byte > '~') {
        parser->is_text = false;
    }
    parser->pending++;
    /* No frame has a `t` inside: that line lost its end, and the frame behind it may be whole. */
    if (byte == FRAME_START) {
        parser->length = 0;
        parser->is_overlong = false;
    }
    if (parser->length == EDGE_FER_SLCAN_MAX_LINE) {
        parser->length = 0;
        parser->is_overlong = true;
    }
    if (!parser->is_overlong) {
        parser->line[parser->length] = byte;
        parser->length++;
    }
}

void edge_fer_slcan_init(edge_fer_slcan_parser *parser)
{
    (void)memset(parser, 0, sizeof *parser);
    begin_line(parser);
}

bool edge_fer_slcan_feed(edge_fer_slcan_parser *parser, uint8_t byte, edge_fer_frame *frame)
{
    if (byte == CARRIAGE_RETURN || byte == LINE_FEED) {
        return end_line(parser, byte, frame);
    }
    if (byte == BELL && parser->pending == 0) {
        parser->ignored_lines++;
    } else {
        add_byte(parser, byte);
    }
    return false;
}

size_t edge_fer_slcan_encode(const edge_fer_frame *frame,
                             uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH])
{
    static const char digits[] = "0123456789ABCDEF";
    const bool is_extended = (frame->id & EDGE_FER_EXTENDED_ID) != 0;
    const uint32_t id = frame->id & ~EDGE_FER_EXTENDED_ID;
    size_t length = 0;

    if (id > (is_extended ? EDGE_FER_MAX_EXTENDED_ID : (uint32_t)EDGE_FER_MAX_ID) ||
        frame->length > EDGE_FER_MAX_LENGTH) {
        return 0;
    }
    line[length] = is_extended ? EXTENDED_START : FRAME_START;
    length++;
    for (unsigned shift = is_extended ? 32 : 12; shift > 0; shift -= 4) {
        line[length] = (uint8_t)digits[id >> (shift - 4) & 0x0F];
        length++;
    }
    line[length] = (uint8_t)digits[frame->length];
    length++;
    for (size_t i = 0; i < frame->length; i++) {
        line[length] = (uint8_t)digits[frame->data[i] >> 4];
        length++;
        line[length] = (uint8_t)digits[frame->data[i] & 0x0F];
        length++;
    }
    line[length] = CARRIAGE_RETURN;
    length++;
    return length;
}
