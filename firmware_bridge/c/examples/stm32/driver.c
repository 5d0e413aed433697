#include "driver.h"

#include "edge_fer_receiver.h"
#include "edge_fer_slcan.h"
#include "stm32f4xx_hal.h"

extern UART_HandleTypeDef huart2; /* 115200 8N1, receiving by a circular DMA stream */
static uint8_t ring[512];         /* 44 ms of it */
static edge_fer_slcan_parser parser;
static edge_fer_receiver receiver;

void driver_start(void)
{
    edge_fer_slcan_init(&parser);
    edge_fer_receiver_init(&receiver);
    HAL_UART_Receive_DMA(&huart2, ring, sizeof ring);
}

/* Call this each 20 ms or more often. Returns a state of the DBC, 15 while it is unknown. */
uint8_t driver_poll(void)
{
    static size_t at;
    struct edge_fer_codec_driver_state_t driver;
    edge_fer_frame frame;

    while (at != (sizeof ring - __HAL_DMA_GET_COUNTER(huart2.hdmarx)) % sizeof ring) {
        if (edge_fer_slcan_feed(&parser, ring[at], &frame)) {
            edge_fer_receiver_take(&receiver, &frame, HAL_GetTick());
        }
        at = (at + 1) % sizeof ring;
    }
    edge_fer_receiver_driver_state(&receiver, HAL_GetTick(), &driver);
    return driver.state;
}

void driver_report(uint16_t speed_raw) /* in 0.1 km/h */
{
    static edge_fer_profile22_sender sender = {
        .data_ids = edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].data_ids};
    struct edge_fer_codec_driver_request_t request; /* its id is 255 while there is none */
    (void)edge_fer_receiver_driver_request(&receiver, HAL_GetTick(), &request);
    const struct edge_fer_codec_controller_status_t status = {
        .enable = EDGE_FER_CODEC_CONTROLLER_STATUS_ENABLE_ON_CHOICE,
        .ignition = EDGE_FER_CODEC_CONTROLLER_STATUS_IGNITION_ON_CHOICE,
        .acknowledged_id = request.id,
        .answer = EDGE_FER_CODEC_CONTROLLER_STATUS_ANSWER_NONE_CHOICE, /* until a button says it */
        .e2e_state = edge_fer_receiver_trust(&receiver, EDGE_FER_DRIVER_STATE, HAL_GetTick()),
        .speed = speed_raw,
        .config_version = EDGE_FER_CODEC_CONTROLLER_STATUS_CONFIG_VERSION_NOT_AVAILABLE_CHOICE,
    };
    edge_fer_frame frame = {.id = edge_fer_messages[EDGE_FER_CONTROLLER_STATUS].id, .length = 8};
    uint8_t line[EDGE_FER_SLCAN_ENCODED_LENGTH];

    edge_fer_codec_controller_status_pack(frame.data, &status, sizeof frame.data);
    edge_fer_profile22_protect(&sender, frame.data, frame.length);
    HAL_UART_Transmit(&huart2, line, (uint16_t)edge_fer_slcan_encode(&frame, line), 10);
}
