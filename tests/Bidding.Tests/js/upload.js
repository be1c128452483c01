// A stranger's client: uploads a file by tus-js-client and prints the upload's address as soon as it has one, then DONE.
// usage: node upload.js ENDPOINT TOKEN PART FILE CHUNK [ADDRESS OF AN UPLOAD TO GO ON WITH]
import fs from 'node:fs'
import * as tus from 'tus-js-client'

const [endpoint, token, part, file, chunk, uploadUrl] = process.argv.slice(2)
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  uploadUrl,
  chunkSize: Number(chunk),
  uploadSize: fs.statSync(file).size,
  retryDelays: [0, 100, 500, 1000, 3000, 3000, 3000, 3000, 3000],
  metadata: { part },
  headers: { Authorization: `Bearer ${token}` },
  onUploadUrlAvailable: () => console.log(upload.url),
  onProgress: (sent) => console.log(`SENT ${sent}`),
  onError: (error) => {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess: () => console.log('DONE'),
})
upload.start()
