const { tracingChannel } = require('node:diagnostics_channel')
const { SpanKind, SpanStatusCode, trace } = require('@opentelemetry/api')
const { BatchSpanProcessor, ConsoleSpanExporter } = require('@opentelemetry/sdk-trace-base')
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')

// In place of the console: OTLPTraceExporter of @opentelemetry/exporter-trace-otlp-http.
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new ConsoleSpanExporter())] })
provider.register()

const tracer = trace.getTracer('connect-mongo-native')
const spans = new WeakMap()

// A span of each operation, below the span of the request. The message is the same object at each stage.
tracingChannel('connect-mongo-native:operation').subscribe({
  start (message) {
    const { operation, collection } = message
    spans.set(message, tracer.startSpan(`${operation} ${collection}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        'db.system.name': 'mongodb',
        'db.operation.name': operation,
        'db.collection.name': collection
      }
    }))
  },
  error (message) {
    const { name, code } = message.error
    spans.get(message).setStatus({ code: SpanStatusCode.ERROR }).setAttributes({
      'error.type': name,
      'db.response.status_code': String(code ?? '')
    })
  },
  asyncEnd (message) {
    spans.get(message).setAttribute('session.outcome', message.outcome).end()
  }
})

module.exports = { stopTracing: () => provider.shutdown() }
