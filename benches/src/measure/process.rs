//! What the kernel knows of a process.

use std::fs;

/// The kernel counts processor time in hundredths of a second on every Linux we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor seconds used so far; 0 once it is gone.
pub fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    ticks(&stat).map_or(0.0, |ticks| ticks as f64 / TICKS_PER_SECOND)
}

fn ticks(stat: &str) -> Option<u64> {
    // The program's name in parentheses may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Memory in use now and at most so far, in megabytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub now: f64,
    pub peak: f64,
    /// Without files mapped into memory, which the kernel takes back when it wants.
    pub own: f64,
}

pub fn memory(process: u32) -> Option<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let megabytes = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb / 1_024.0)
    };
    Some(Memory { now: megabytes("VmRSS:")?, peak: megabytes("VmHWM:")?, own: megabytes("RssAnon:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "17 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 9 0 1 2 3";
        assert_eq!(ticks(stat), Some(400));
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn this_process_uses_memory() {
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.peak >= memory.now && memory.now > memory.own && memory.own > 0.0);
    }
}
