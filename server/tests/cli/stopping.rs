use std::io::{Read, Write};

use crate::instance::Instance;

#[test]
fn a_request_in_flight_is_answered_before_the_process_ends() {
    let instance = Instance::new();
    let server = instance.serve();
    let mut socket = server.connect();
    let head = "POST /connect/sessions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                authorization: Bearer terapi_sk_dev_0123456789012345678901234567890\r\n\
                content-type: application/json\r\ncontent-length: 2\r\n\r\n{";
    socket.write_all(head.as_bytes()).unwrap();
    // The answer to a second request shows that the first one was taken.
    assert!(server.get("/ready").starts_with("HTTP/1.1 200"));

    server.terminate();
    socket.write_all(b"}").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let (code, said) = server.wait();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_idle_server_stops_cleanly() {
    let instance = Instance::new();
    let server = instance.serve();
    server.terminate();
    let (code, said) = server.wait();
    assert_eq!(code, Some(0), "{said}");
}
