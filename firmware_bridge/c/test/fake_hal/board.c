/*
 * The board under the code of the README: standard input is its UART's line (records of a time, 4
 * bytes, low first, a length, 2 bytes, and the bytes). Says each change of state, and what is sent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"
#include "stm32f4xx_hal.h"

static DMA_Stream_TypeDef stream;
static DMA_HandleTypeDef dma = {&stream};
UART_HandleTypeDef huart2 = {&dma};

static uint8_t *ring;
static uint16_t ring_size;
static uint32_t now_ms;

uint32_t HAL_GetTick(void)
{
    return now_ms;
}

HAL_StatusTypeDef HAL_UART_Receive_DMA(UART_HandleTypeDef *uart, uint8_t *data, uint16_t size)
{
    ring = data;
    ring_size = size;
    uart->hdmarx->Instance->NDTR = size;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *uart, const uint8_t *data, uint16_t size,
                                    uint32_t timeout)
{
    (void)uart;
    (void)timeout;
    printf("sent ");
    for (uint16_t i = 0; i < size; i++) {
        printf("%02x", data[i]);
    }
    printf("\n");
    return HAL_OK;
}

static void receive(uint8_t byte)
{
    ring[ring_size - stream.NDTR] = byte;
    stream.NDTR--;
    if (stream.NDTR == 0) { /* circular */
        stream.NDTR = ring_size;
    }
}

int main(void)
{
    uint8_t head[6];
    unsigned state = 256;

    driver_start();
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        const unsigned length = head[4] | (unsigned)head[5] << 8;
        unsigned found;

        now_ms = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
                 (uint32_t)head[3] << 24;
        for (unsigned i = 0; i < length; i++) {
            const int byte = getchar();

            if (byte == EOF) {
                return EXIT_FAILURE;
            }
            receive((uint8_t)byte);
        }
        found = driver_poll();
        if (found != state) {
            state = found;
            printf("state %u at %lu\n", state, (unsigned long)now_ms);
        }
        driver_report(573);
    }
    return EXIT_SUCCESS;
}
