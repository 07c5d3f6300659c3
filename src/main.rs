//! temporary
use spendtop::{ingest, ledger, model};
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let t = std::time::Instant::now();
    let args: Vec<String> = std::env::args().collect();
    let roots = [ingest::Root {
        agent: model::AgentId::Claude,
        path: args[1].clone().into(),
        developer: "me".into(),
    }];
    let mut w = ledger::Writer::open(args[2].as_ref())?;
    let mut known = w.sources()?;
    eprintln!("open {:?}", t.elapsed());
    let d = ingest::discover(&roots);
    eprintln!("discover {:?}", t.elapsed());
    let scans = ingest::scan(d, &mut known);
    eprintln!("scan {:?} {}", t.elapsed(), scans.len());
    let mut p = ledger::Pricing {
        sha256: "x".into(),
        source: "y".into(),
        now: model::Millis(0),
        row: Box::new(|_| String::new()),
        price: Box::new(|_| model::Cost::Unpriced(model::UnpricedReason::UnknownModel)),
    };
    if !scans.is_empty() {
        w.begin_bulk()?;
        let n: usize = args.get(3).map_or(8192, |s| s.parse().unwrap_or(8192));
        let dry = args.get(4).is_some();
        let mut c = 0;
        let mut tw = std::time::Duration::ZERO;
        ingest::backfill(&scans, 2, |b| {
            if dry {
                c += b.events.len();
                return Ok(());
            }
            let t0 = std::time::Instant::now();
            w.apply(b)?;
            if w.pending_calls() > n {
                w.commit(&mut p)?;
            }
            tw += t0.elapsed();
            Ok::<_, ledger::LedgerError>(())
        })?;
        eprintln!("read {:?} {c} writer {tw:?}", t.elapsed());
        w.commit(&mut p)?;
        eprintln!("commit {:?}", t.elapsed());
        w.end_bulk()?;
    }
    eprintln!("done {:?}", t.elapsed());
    let r = ledger::Reader::open(args[2].as_ref())?.ok_or("none")?;
    let mut tot = ledger::Totals::default();
    let mut n = 0;
    r.cells(&(model::Millis(i64::MIN)..model::Millis(i64::MAX)), &mut |c| {
        tot += c.totals;
        n += 1
    })?;
    let ch = r.charged()?;
    eprintln!("read {:?} {n} cells {} {:?}", t.elapsed(), ch.len(), tot);
    Ok(())
}
