"""The embedded emulator: both vendors' notification services as one ASGI application over SQLite.

It is an implementation of its own: it shares no code with the providers, so that a contract test which
passes against it says something. Importing this package costs nothing; the parts do:

- `app.create_app(database, settings=None)`: the ASGI application; its `Emulator` is at `app.state.emulator`.
- `server.serve(port, database, ...)`: the same on 127.0.0.1, as `notifconf emulator` runs it.
- `transport.EmulatorTransport(app)`: an httpx transport into an application of this process, and
  `transport.open_transport(database)`, which makes the application too (the endpoint `emulator:`).
- `emulator.Emulator`: what a test may do behind the service's back, by function or under `/_emulator`
  (see `control`).
- `faults.parse_fault(spec)`: what production does to a client, to be switched on (see `faults`).
"""
