// OpenSSL 3 as the system has it, kept by its distribution: the library of nginx, HAProxy and curl. The runtime has a TLS
// library of its own, but lends it out only with sockets and a server of its own around it.
import { dlopen, FFIType, type Pointer } from 'bun:ffi'

const { i32, u32, i64_fast: long, u64_fast: size, ptr: address, void: nothing } = FFIType

/** The name that all distributions give to version 3, which promises to stay compatible. */
const library = 'libssl.so.3'

const declarations = {
  BIO_ctrl: { args: [address, i32, long, address], returns: i32 },
  BIO_free: { args: [address], returns: i32 },
  BIO_new: { args: [address], returns: address },
  BIO_new_mem_buf: { args: [address, i32], returns: address },
  BIO_s_mem: { args: [], returns: address },
  BIO_set_flags: { args: [address, i32], returns: nothing },
  BIO_up_ref: { args: [address], returns: i32 },
  ERR_clear_error: { args: [], returns: nothing },
  ERR_peek_last_error: { args: [], returns: size },
  ERR_reason_error_string: { args: [size], returns: FFIType.cstring },
  EVP_CIPHER_CTX_ctrl: { args: [address, i32, i32, address], returns: i32 },
  EVP_CIPHER_CTX_new: { args: [], returns: address },
  EVP_CIPHER_fetch: { args: [address, address, address], returns: address },
  EVP_CipherFinal_ex: { args: [address, address, address], returns: i32 },
  EVP_CipherInit_ex: { args: [address, address, address, address, address, i32], returns: i32 },
  EVP_CipherUpdate: { args: [address, address, address, address, i32], returns: i32 },
  EVP_PKEY_free: { args: [address], returns: nothing },
  PEM_read_bio_PrivateKey: { args: [address, address, address, address], returns: address },
  PEM_read_bio_X509: { args: [address, address, address, address], returns: address },
  SSL_CIPHER_get_protocol_id: { args: [address], returns: FFIType.u16 },
  SSL_CTX_add_client_CA: { args: [address, address], returns: i32 },
  SSL_CTX_callback_ctrl: { args: [address, i32, address], returns: i32 },
  SSL_CTX_ctrl: { args: [address, i32, long, address], returns: i32 },
  SSL_CTX_free: { args: [address], returns: nothing },
  SSL_CTX_get_cert_store: { args: [address], returns: address },
  SSL_CTX_new: { args: [address], returns: address },
  SSL_CTX_set_alpn_select_cb: { args: [address, address, address], returns: nothing },
  SSL_CTX_set_keylog_callback: { args: [address, address], returns: nothing },
  SSL_CTX_set_options: { args: [address, size], returns: size },
  SSL_CTX_set_session_id_context: { args: [address, address, u32], returns: i32 },
  SSL_CTX_set_verify: { args: [address, i32, address], returns: nothing },
  SSL_CTX_use_PrivateKey: { args: [address, address], returns: i32 },
  SSL_CTX_use_certificate: { args: [address, address], returns: i32 },
  SSL_do_handshake: { args: [address], returns: i32 },
  SSL_free: { args: [address], returns: nothing },
  SSL_get0_alpn_selected: { args: [address, address, address], returns: nothing },
  SSL_get_current_cipher: { args: [address], returns: address },
  SSL_get_error: { args: [address, i32], returns: i32 },
  SSL_get_servername: { args: [address, i32], returns: FFIType.cstring },
  SSL_new: { args: [address], returns: address },
  SSL_read: { args: [address, address, i32], returns: i32 },
  SSL_set0_rbio: { args: [address, address], returns: nothing },
  SSL_set0_wbio: { args: [address, address], returns: nothing },
  SSL_set_SSL_CTX: { args: [address, address], returns: address },
  SSL_set_accept_state: { args: [address], returns: nothing },
  SSL_shutdown: { args: [address], returns: i32 },
  SSL_version: { args: [address], returns: i32 },
  SSL_write: { args: [address, address, i32], returns: i32 },
  TLS_server_method: { args: [], returns: address },
  X509_STORE_add_cert: { args: [address, address], returns: i32 },
  X509_free: { args: [address], returns: nothing },
} as const

type Symbols = ReturnType<typeof dlopen<typeof declarations>>['symbols']

/** Its functions, as its manual has them. Addresses are below 2^53, so none comes as a bigint. */
export type OpenSsl = {
  readonly [name in keyof Symbols]: Symbols[name] extends (...given: infer Given) => infer Returned
    ? (...given: Given) => Exclude<Returned, bigint>
    : never
}

let loaded: OpenSsl | 'missing' | undefined

/** Undefined where it is not installed. */
export function openSsl(): OpenSsl | undefined {
  loaded ??= load()
  return loaded === 'missing' ? undefined : loaded
}

function load(): OpenSsl | 'missing' {
  if (process.platform !== 'linux') return 'missing'
  try {
    return dlopen(library, declarations).symbols as OpenSsl
  } catch {
    return 'missing'
  }
}

/** A failure that it has told of; what else it had to say of it is forgotten. */
export function sslError(calls: OpenSsl, what: string): Error {
  const reason = calls.ERR_reason_error_string(calls.ERR_peek_last_error())
  calls.ERR_clear_error()
  return new Error(`${what}: ${reason?.toString() || 'no reason given'}`)
}

/** What an object of it is to us. */
export type SslPointer = Pointer
