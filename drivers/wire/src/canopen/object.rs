//! Object dictionary entries by name (CiA 301, CiA 401 and CiA 402).

/// Where a value lives in a node's object dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Object {
    /// Name, as the profile has it.
    pub name: &'static str,
    /// Index.
    pub index: u16,
    /// Sub-index.
    pub sub: u8,
    /// Length in bytes; 0 for text of any length.
    pub bytes: u8,
}

macro_rules! objects {
    ($($name:ident $index:literal $sub:literal $bytes:literal $text:literal;)*) => {
        $(
            #[doc = concat!($text, ".")]
            pub const $name: Object = Object { name: $text, index: $index, sub: $sub, bytes: $bytes };
        )*

        /// Every entry above.
        pub const ALL: &[Object] = &[$($name),*];
    };
}

objects! {
    DEVICE_TYPE 0x1000 0 4 "device type";
    ERROR_REGISTER 0x1001 0 1 "error register";
    ERROR_HISTORY_COUNT 0x1003 0 1 "number of errors in the history";
    DEVICE_NAME 0x1008 0 0 "manufacturer device name";
    HARDWARE_VERSION 0x1009 0 0 "manufacturer hardware version";
    SOFTWARE_VERSION 0x100A 0 0 "manufacturer software version";
    CONSUMER_HEARTBEAT 0x1016 1 4 "consumer heartbeat time, node in bits 16 to 22, ms in bits 0 to 15";
    PRODUCER_HEARTBEAT 0x1017 0 2 "producer heartbeat time in ms";
    VENDOR_ID 0x1018 1 4 "vendor identifier";
    PRODUCT_CODE 0x1018 2 4 "product code";
    REVISION_NUMBER 0x1018 3 4 "revision number";
    SERIAL_NUMBER 0x1018 4 4 "serial number";
    STORE_EDS 0x1021 0 0 "electronic data sheet";
    EDS_FORMAT 0x1022 0 1 "format of the electronic data sheet, 0 for text";
    COMMUNICATION_ERROR_BEHAVIOUR 0x1029 1 1 "error behaviour on communication loss";
    ABORT_CONNECTION_OPTION 0x6007 0 2 "abort connection option code";
    ERROR_CODE 0x603F 0 2 "error code";
    CONTROLWORD 0x6040 0 2 "controlword";
    STATUSWORD 0x6041 0 2 "statusword";
    QUICK_STOP_OPTION 0x605A 0 2 "quick stop option code";
    HALT_OPTION 0x605D 0 2 "halt option code";
    FAULT_REACTION_OPTION 0x605E 0 2 "fault reaction option code";
    MODE_OF_OPERATION 0x6060 0 1 "mode of operation";
    MODE_DISPLAY 0x6061 0 1 "mode of operation display";
    POSITION_ACTUAL 0x6064 0 4 "position actual value";
    POSITION_WINDOW 0x6067 0 4 "position window";
    VELOCITY_ACTUAL 0x606C 0 4 "velocity actual value";
    TARGET_TORQUE 0x6071 0 2 "target torque in thousandths of rated";
    MAX_TORQUE 0x6072 0 2 "maximum torque in thousandths of rated";
    RATED_CURRENT 0x6075 0 4 "motor rated current in mA";
    RATED_TORQUE 0x6076 0 4 "motor rated torque in mN.m";
    TORQUE_ACTUAL 0x6077 0 2 "torque actual value in thousandths of rated";
    CURRENT_ACTUAL 0x6078 0 2 "current actual value in thousandths of rated";
    TARGET_POSITION 0x607A 0 4 "target position";
    SOFTWARE_LIMIT_MIN 0x607D 1 4 "minimum software position limit";
    SOFTWARE_LIMIT_MAX 0x607D 2 4 "maximum software position limit";
    MAX_PROFILE_VELOCITY 0x607F 0 4 "maximum profile velocity";
    PROFILE_VELOCITY 0x6081 0 4 "profile velocity";
    PROFILE_ACCELERATION 0x6083 0 4 "profile acceleration";
    PROFILE_DECELERATION 0x6084 0 4 "profile deceleration";
    QUICK_STOP_DECELERATION 0x6085 0 4 "quick stop deceleration";
    TORQUE_SLOPE 0x6087 0 4 "torque slope in thousandths of rated per second";
    HOMING_METHOD 0x6098 0 1 "homing method";
    HOMING_SPEED_SEEK 0x6099 1 4 "speed during search for switch";
    HOMING_SPEED_ZERO 0x6099 2 4 "speed during search for zero";
    HOMING_ACCELERATION 0x609A 0 4 "homing acceleration";
    INTERPOLATION_PERIOD 0x60C2 1 1 "interpolation time period";
    INTERPOLATION_INDEX 0x60C2 2 1 "interpolation time index, power of ten of a second";
    DIGITAL_INPUTS 0x60FD 0 4 "digital inputs";
    TARGET_VELOCITY 0x60FF 0 4 "target velocity";
    READ_INPUTS 0x6000 1 1 "read digital inputs 1 to 8";
    WRITE_OUTPUTS 0x6200 1 1 "write digital outputs 1 to 8";
    OUTPUT_ERROR_MODE 0x6206 1 1 "error mode of digital outputs 1 to 8";
    OUTPUT_ERROR_VALUE 0x6207 1 1 "error value of digital outputs 1 to 8";
    READ_ANALOG_INPUT 0x6401 1 2 "read analogue input 1";
    WRITE_ANALOG_OUTPUT 0x6411 1 2 "write analogue output 1";
    ANALOG_INTERRUPT 0x6423 0 1 "analogue inputs may report by themselves";
    ANALOG_ERROR_MODE 0x6443 1 1 "error mode of analogue output 1";
    ANALOG_ERROR_VALUE 0x6444 1 4 "error value of analogue output 1";
    SUPPORTED_MODES 0x6502 0 4 "supported drive modes";
}
