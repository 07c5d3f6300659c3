//! What a price server may answer: the data that the program's own book could have come from,
//! changed as a test needs it, over a loopback socket.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::{Map, Value, json};
use spendtop::pricing::{Endpoint, PriceBook, PriceRow, Provider, TokenClass, When, rate_text};

/// What the server sends.
pub enum Body {
    /// This, and the connection is closed.
    Whole(Vec<u8>),
    /// As many bytes as promised but for the last half.
    Half(Vec<u8>),
    /// This status, with a page.
    Status(&'static str),
    /// Bytes without end.
    Endless,
}

/// A server on the loopback; its thread ends with the test's process.
pub struct Server {
    address: SocketAddr,
}

impl Server {
    pub fn new(body: Body) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // The client hangs up where it has had enough.
                let _ = stream.and_then(|stream| answer(stream, &body));
            }
        });
        Self { address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/data.json", self.address)
    }

    /// An address where nobody listens.
    pub fn refusing() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/data.json", listener.local_addr().unwrap())
    }
}

fn answer(mut stream: TcpStream, body: &Body) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    let head = |status: &str, length: usize| {
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
    };
    match body {
        Body::Whole(bytes) => {
            stream.write_all(head("200 OK", bytes.len()).as_bytes())?;
            stream.write_all(bytes)
        }
        Body::Half(bytes) => {
            stream.write_all(head("200 OK", bytes.len()).as_bytes())?;
            stream.write_all(&bytes[..bytes.len() / 2])
        }
        Body::Status(status) => stream.write_all(head(status, 0).as_bytes()),
        Body::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[")?;
            let spaces = vec![b' '; 65_536];
            loop {
                stream.write_all(&spaces)?;
            }
        }
    }
}

/// The data in the upstream's form (genai-prices v2) that this version's book could have been built
/// from. Made from the book, so that it never goes stale with a new one.
pub fn upstream() -> Value {
    let book = PriceBook::embedded();
    let mut providers = json!([
        {"id": "anthropic", "models": []}, {"id": "openai", "models": []},
        {"id": "google", "models": []}, {"id": "aws", "models": []},
    ]);
    for entry in book.models() {
        let Some(place) = Provider::ALL[..4].iter().position(|known| *known == entry.provider)
        else {
            continue;
        };
        // The platforms' names carry the endpoint.
        let endpoints: &[(Option<Endpoint>, &str)] = match entry.provider {
            Provider::Aws => &[
                (None, "regional.anthropic."),
                (Some(Endpoint::Regional), "regional.anthropic."),
                (Some(Endpoint::Global), "global.anthropic."),
            ],
            Provider::Google => &[(None, ""), (Some(Endpoint::Global), "")],
            _ => &[(None, "")],
        };
        for (endpoint, prefix) in endpoints {
            let when = When { endpoint: *endpoint, ..When::default() };
            let rows: Vec<&PriceRow> = book
                .rows_of(entry)
                .iter()
                .filter(|row| row.when == when && &*row.source.id == "genai")
                .collect();
            let prices = prices(&rows);
            if !prices.is_empty() {
                let id = format!("{prefix}{}", entry.model);
                let model = json!({"id": id, "match": {"equals": id}, "prices": prices});
                providers[place]["models"].as_array_mut().unwrap().push(model);
            }
        }
    }
    providers
}

/// One entry for each day on which prices change.
fn prices(rows: &[&PriceRow]) -> Vec<Value> {
    let mut starts: Vec<_> = rows.iter().filter(|row| row.above == 0).map(|row| row.from).collect();
    starts.sort_unstable();
    let first = starts.first().copied();
    let entries = starts.into_iter().map(|start| {
        let mut prices = Map::new();
        for (class, key) in [
            (TokenClass::Input, "input_mtok"),
            (TokenClass::Output, "output_mtok"),
            (TokenClass::CacheWrite5m, "cache_write_mtok"),
            (TokenClass::CacheWrite1h, "cache_write_1h_mtok"),
            (TokenClass::CacheRead, "cache_read_mtok"),
        ] {
            let rate = |row: &&&PriceRow| {
                let text = row.rates.get(class).map(rate_text)?;
                Some(serde_json::from_str::<Value>(&text).unwrap())
            };
            let mut bands = rows.iter().filter(|row| row.from == start);
            let Some(base) = bands.clone().find(|row| row.above == 0).as_ref().and_then(rate)
            else {
                continue;
            };
            let over = bands.find(|row| row.above > 0);
            let price = match over.as_ref().and_then(rate) {
                Some(over_price) => json!({
                    "base": base,
                    "tiers": [{"start": over.unwrap().above, "price": over_price}],
                }),
                None => base,
            };
            prices.insert(key.to_owned(), price);
        }
        match start.filter(|_| Some(start) != first) {
            // Upstream has no date for its first rate.
            None => json!({"prices": prices}),
            Some(at) => {
                let date = at.timestamp().strftime("%F").to_string();
                json!({"constraint": {"start_date": date}, "prices": prices})
            }
        }
    });
    entries.collect()
}

/// A model of Anthropic's in the data.
pub fn model<'a>(data: &'a mut Value, id: &str) -> &'a mut Value {
    let models = data[0]["models"].as_array_mut().unwrap();
    models.iter_mut().find(|model| model["id"] == id).unwrap()
}

/// Newer data in which a model costs five dollars a million tokens and no longer four.
pub fn dearer_opus() -> Vec<u8> {
    let mut data = upstream();
    model(&mut data, "claude-opus-5-5")["prices"][0]["prices"]["input_mtok"] = json!(5);
    data.to_string().into_bytes()
}
