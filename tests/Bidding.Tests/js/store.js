// A stranger's S3-compatible store on the port and folder that are given; ends with its standard input.
import S3rver from 's3rver'

const [port, directory, bucket] = process.argv.slice(2)
await new S3rver({ address: '127.0.0.1', port: Number(port), silent: true, directory, configureBuckets: [{ name: bucket }] }).run()
console.log('READY')
process.stdin.on('end', () => process.exit(0)).resume()
