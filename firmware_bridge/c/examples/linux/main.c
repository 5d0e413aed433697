/*
 * A controller on Linux: reads SLCAN from standard input, answers requests on standard output.
 *
 *   stty -F /dev/ttyUSB0 115200 raw -echo && ./edge_fer_linux < /dev/ttyUSB0 > /dev/ttyUSB0
 *
 * It prints state changes on standard error, and acknowledges each request with "all right".
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edge_fer_receiver.h"
#include "edge_fer_slcan.h"

enum { CYCLE_MS = 100, STATE_UNKNOWN = 15 };

static uint32_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U);
}

static void send_status(edge_fer_receiver *receiver, edge_fer_profile22_sender *sender,
                        uint32_t time_ms)
{
    struct edge_fer_codec_driver_request_t request;
    const bool is_asked = edge_fer_receiver_driver_request(receiver, time_ms, &request);
    const struct edge_fer_codec_controller_status_t status = {
        .enable = EDGE_FER_CODEC_CONTROLLER_STATUS_ENABLE_ON_CHOICE,
        .ignition = EDGE_FER_CODEC_CONTROLLER_STATUS_IGNITION_ON_CHOICE,
        /* 255 is no request: what `out` says where none is known. */
        .acknowledged_id = request.id,
        .answer = is_asked ? EDGE_FER_CODEC_CONTROLLER_STATUS_ANSWER_ALL_RIGHT_CHOICE
                           : EDGE_FER_CODEC_CONTROLLER_STATUS_ANSWER_NONE_CHOICE,
        .e2e_state = (uint8_t)edge_fer_receiver_trust(receiver, EDGE_FER_DRIVER_STATE, time_ms),
        .speed = EDGE_FER_CODEC_CONTROLLER_STATUS_SPEED_NOT_AVAILABLE_CHOICE,
        .config_version = EDGE_FER_CODEC_CONTROLLER_STATUS_CONFIG_VERSION_NOT_AVAILABLE_CHOICE,
    };
    edge_fer_frame frame = {.id = edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].id, .length = 8};
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];

    (void)edge_fer_codec_controller_status_pack(frame.data, &status, sizeof frame.data);
    (void)edge_fer_profile22_protect(sender, frame.data, frame.length);
    (void)!write(STDOUT_FILENO, line, edge_fer_slcan_encode(&frame, line));
}

int main(void)
{
    edge_fer_slcan_parser parser;
    edge_fer_receiver receiver;
    edge_fer_profile22_sender sender;
    uint32_t sent_ms = now_ms();
    unsigned shown = 256;

    edge_fer_slcan_init(&parser);
    edge_fer_receiver_init(&receiver);
    edge_fer_profile22_sender_init(&sender, edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].data_ids);
    for (;;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        struct edge_fer_codec_driver_state_t driver;
        uint8_t bytes[256];
        edge_fer_frame frame;

        if (poll(&input, 1, CYCLE_MS / 5) > 0) {
            const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);

            if (count <= 0) {
                return 0;
            }
            for (ssize_t i = 0; i < count; i++) {
                if (edge_fer_slcan_feed(&parser, bytes[i], &frame)) {
                    (void)edge_fer_receiver_take(&receiver, &frame, now_ms());
                }
            }
        }
        (void)edge_fer_receiver_driver_state(&receiver, now_ms(), &driver);
        if (driver.state != shown) {
            shown = driver.state;
            fprintf(stderr, "driver state %u%s\n", shown, shown == STATE_UNKNOWN ? " (unknown)" : "");
        }
        if (!edge_fer_receiver_is_compatible(&receiver, now_ms())) {
            fprintf(stderr, "the camera unit has another protocol version\n");
            return 1;
        }
        if (now_ms() - sent_ms >= CYCLE_MS) {
            sent_ms += CYCLE_MS;
            send_status(&receiver, &sender, now_ms());
        }
    }
}
