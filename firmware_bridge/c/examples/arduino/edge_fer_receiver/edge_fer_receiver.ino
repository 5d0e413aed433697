// The driver's state on an Arduino: the camera unit is at Serial1 (or Serial), 115200 baud. The
// board is reset when its port is opened: use slcan:PORT?adapter=no&settle_ms=2000 on the device.
#include <edge_fer_receiver.h>
#include <edge_fer_slcan.h>

static edge_fer_slcan_parser parser;
static edge_fer_receiver receiver;

void setup() {
  Serial.begin(115200);
  pinMode(LED_BUILTIN, OUTPUT);
  edge_fer_slcan_init(&parser);
  edge_fer_receiver_init(&receiver);
}

void loop() {
  edge_fer_frame frame;
  while (Serial.available() > 0) {
    if (edge_fer_slcan_feed(&parser, (uint8_t)Serial.read(), &frame)) {
      edge_fer_receiver_take(&receiver, &frame, millis());
    }
  }
  // A driver who sleeps, or whose state is unknown (15), is a light.
  struct edge_fer_codec_driver_state_t driver;
  edge_fer_receiver_driver_state(&receiver, millis(), &driver);
  const bool alarm = driver.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_MICROSLEEP_CHOICE ||
                     driver.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_ASLEEP_CHOICE ||
                     driver.state == EDGE_FER_CODEC_DRIVER_STATE_STATE_NOT_AVAILABLE_CHOICE;
  digitalWrite(LED_BUILTIN, alarm ? HIGH : LOW);
}
