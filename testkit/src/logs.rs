//! Large logs, for measurements and tests.

use std::io::{self, Write};

/// What a large log is made of.
#[derive(Clone, Copy, Debug)]
pub struct LargeLog {
    /// Length of the whole, about.
    pub bytes: u64,
    /// Reports, spread evenly.
    pub reports: u64,
    /// Causes among them.
    pub distinct: u64,
}

impl LargeLog {
    /// Writes the log: lines of tests and services as CI logs have them, with reports in between.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(self, mut out: impl Write) -> io::Result<()> {
        let each = self.bytes / self.reports.max(1);
        let mut line = 0_u64;
        for report in 0..self.reports {
            let text = report_of(report % self.distinct.max(1), report);
            let mut written = u64::try_from(text.len()).unwrap_or(u64::MAX);
            while written < each {
                let noise = noise_of(line);
                out.write_all(noise.as_bytes())?;
                written += u64::try_from(noise.len()).unwrap_or(u64::MAX);
                line += 1;
            }
            out.write_all(text.as_bytes())?;
        }
        out.flush()
    }
}

fn noise_of(line: u64) -> String {
    let (minute, second, rest) = (line / 6_000 % 60, line / 100 % 60, line % 100);
    let stamp = format!("2026-03-04T05:{minute:02}:{second:02}.{rest:02}34567Z");
    match line % 7 {
        0 => format!("{stamp} === RUN   TestOrders/case_{line}\n"),
        1 => format!("{stamp} --- PASS: TestOrders/case_{line} (0.01s)\n"),
        2 => format!(
            "{stamp} 2026/03/04 05:{minute:02}:{second:02} INFO request path=/orders/{line} status=200 took=12ms\n"
        ),
        3 => format!(
            "{stamp} {{\"level\":\"info\",\"ts\":17.{line},\"caller\":\"shop/cart.go:{rest}\",\"msg\":\"reloaded\"}}\n"
        ),
        4 => format!("{stamp}     cart_test.go:{rest}: {line} entries after the update, as expected\n"),
        5 => format!("{stamp} ok  \texample.com/shop/p{rest}\t0.{rest:02}1s\tcoverage: 71.2% of statements\n"),
        _ => format!(
            "{stamp} [2026/03/04 05:{minute:02}:{second:02}.{rest:03} +00:00] [INFO] [domain.go:{rest}] [\"full load\"] [version={line}]\n"
        ),
    }
}

fn report_of(cause: u64, number: u64) -> String {
    let address = 0xc0_0001_0000 + number * 16;
    let frames: String = (0..12).map(|depth| format!("  example.com/shop/p{cause}.(*Cart).step{depth}()\n      /home/ci/shop/p{cause}/cart.go:{} +0x{depth:x}\n", 40 + depth)).collect();
    format!(
        "==================\nWARNING: DATA RACE\nWrite at 0x{address:012x} by goroutine {g}:\n  \
         example.com/shop/p{cause}.(*Cart).reset()\n      /home/ci/shop/p{cause}/cart.go:31 +0x4e\n{frames}\nPrevious read at \
         0x{address:012x} by goroutine {h}:\n  example.com/shop/p{cause}.(*Cart).total()\n      /home/ci/shop/p{cause}/cart.go:52 \
         +0x3a\n{frames}\nGoroutine {g} (running) created at:\n{frames}\nGoroutine {h} (finished) created at:\n{frames}==================\n",
        g = number + 21,
        h = number + 22,
    )
}
