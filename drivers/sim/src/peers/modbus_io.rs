//! A relay and input box: coils (functions 01, 05, 0F), discrete inputs (function 02), and holding
//! registers that something reads (function 06).

use certbench_wire::modbus::{Exception, Heard, Reply, Request, RequestDecoder, Table};

use crate::World;

use super::Answering;

pub(crate) struct Box8 {
    decoder: RequestDecoder,
    unit: u8,
}

impl Box8 {
    pub(crate) fn new(unit: u8) -> Box8 {
        Box8 {
            decoder: RequestDecoder::default(),
            unit,
        }
    }
}

impl Answering for Box8 {
    fn hear(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        let Heard {
            unit,
            function,
            request,
        } = match self.decoder.next()? {
            Ok(heard) => heard,
            Err(_noise) => return Some(Vec::new()),
        };
        if unit != 0 && unit != self.unit {
            return Some(Vec::new());
        }
        let done = request.and_then(|request| obey(world, &request).map(|reply| (request, reply)));
        if unit == 0 {
            return Some(Vec::new()); // a broadcast is obeyed and not answered
        }
        Some(match done {
            Ok((request, reply)) => reply.encode(self.unit, &request),
            Err(exception) => exception.encode(self.unit, function),
        })
    }
}

fn obey(world: &mut World, request: &Request) -> Result<Reply, Exception> {
    let no_address = Exception::IllegalDataAddress;
    let step = world.step();
    match request {
        Request::Read {
            table: Table::Coils,
            start,
            count,
        } => {
            let coil = |number: u16| world.io.coil(number);
            bits(*start, *count, coil).ok_or(no_address)
        }
        Request::Read {
            table: Table::DiscreteInputs,
            start,
            count,
        } => {
            let input = |number: u16| world.io.input(number);
            bits(*start, *count, input).ok_or(no_address)
        }
        Request::WriteCoil { address, on } => {
            world.io.switch(step, *address, *on).ok_or(no_address)?;
            Ok(Reply::Written)
        }
        Request::WriteCoils { start, values } => {
            let last = u16::try_from(values.len())
                .ok()
                .and_then(|n| start.checked_add(n - 1));
            last.and_then(|last| world.io.coil(last))
                .ok_or(no_address)?;
            for (coil, on) in (*start..).zip(values) {
                world.io.switch(step, coil, *on).ok_or(no_address)?;
            }
            Ok(Reply::Written)
        }
        Request::WriteRegister { address, value } if world.io.has_registers() => {
            world.io.write(*address, *value).ok_or(no_address)?;
            Ok(Reply::Written)
        }
        Request::Read { .. } | Request::WriteRegister { .. } | Request::WriteRegisters { .. } => {
            Err(Exception::IllegalFunction)
        }
    }
}

fn bits(start: u16, count: u16, state: impl Fn(u16) -> Option<bool>) -> Option<Reply> {
    let end = start.checked_add(count)?;
    (start..end)
        .map(state)
        .collect::<Option<Vec<bool>>>()
        .map(Reply::Bits)
}
