/*
 * AUTOSAR E2E Profile 22: a CRC-8, a 4-bit counter and a list of Data IDs that is never sent.
 *
 * Byte 0 is the CRC over bytes 1 to the last and then the Data ID that the counter chooses; the low
 * nibble of byte 1 is the counter. (AUTOSAR, E2E Protocol Specification, R22-11.) The lists are in
 * edge_fer_messages; the 16 bytes have to stay where they are.
 */
#ifndef EDGE_FER_PROFILE22_H
#define EDGE_FER_PROFILE22_H

#include <stddef.h>

#include "edge_fer_e2e.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const uint8_t *data_ids;
    uint8_t counter; /* of the last frame */
} edge_fer_profile22_sender;

typedef struct {
    const uint8_t *data_ids;
    edge_fer_sequence sequence;
} edge_fer_profile22_receiver;

uint8_t edge_fer_profile22_crc(const uint8_t *data, size_t length, uint8_t data_id);

void edge_fer_profile22_sender_init(edge_fer_profile22_sender *sender, const uint8_t data_ids[16]);

/* Puts the next counter and the CRC into `data`; false, and nothing done, below 2 bytes. */
bool edge_fer_profile22_protect(edge_fer_profile22_sender *sender, uint8_t *data, size_t length);

/* `timeout_ms` without a good frame and the sender is no longer trusted; 0 is never. `config` is
 * edge_fer_e2e_default or one of your own; it has to stay where it is, too. */
void edge_fer_profile22_receiver_init(edge_fer_profile22_receiver *receiver,
                                      const uint8_t data_ids[16], uint32_t timeout_ms,
                                      const edge_fer_e2e_config *config);

/* Judges what arrived at `now_ms`; NULL where nothing did, which is how a time-out is noticed. */
edge_fer_check edge_fer_profile22_check(edge_fer_profile22_receiver *receiver, const uint8_t *data,
                                        size_t length, uint32_t now_ms);

/* The same for a frame that may have waited in a queue: one that is not fresh is not believed. */
edge_fer_check edge_fer_profile22_check_age(edge_fer_profile22_receiver *receiver,
                                            const uint8_t *data, size_t length, bool is_fresh,
                                            uint32_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
